import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { copyProgramsForAll } from "../programs-for-all.js";

const command = join(
  dirname(createRequire(import.meta.url).resolve("@gestalt-runtime/testkit/package.json")),
  "bin/gestalt-runtime.mjs",
);
export const nobody = 65_534;

/** What a run of `gestalt-runtime conformance` says, as far as it is looked at here. */
interface Report {
  readonly verdict: string;
  readonly run: { readonly durationMs: number; readonly partial: boolean };
  readonly profile: { readonly support: Record<string, unknown> | null };
  readonly counts: Readonly<Record<string, number>>;
  readonly checks: readonly {
    readonly id: string;
    readonly verdict: string;
    readonly reason?: string;
    readonly differences: readonly { readonly text: string }[];
  }[];
}

/** Whether a user may read what the suite is made of: a checkout may be its owner's alone. */
export async function canRunSuite(uid: number): Promise<boolean> {
  const child = spawn(process.execPath, [command, "--version"], { uid, gid: uid, cwd: "/", stdio: "ignore" });
  const [code] = (await once(child, "exit").catch(() => [1])) as [number | null];
  return code === 0;
}

/**
 * Runs the conformance suite on the process runtime as an operator does, perhaps as another user.
 *
 * @param areas only these. Default: all
 */
export async function runSuite(uid: number | undefined, areas: readonly string[] = []): Promise<Report> {
  const programs = await copyProgramsForAll(uid);
  onTestFinished(() => programs.remove());
  const directory = await mkdtemp("/tmp/gprc-");
  onTestFinished(() => rm(directory, { recursive: true }));
  if (uid !== undefined) await chmod(directory, 0o777);
  const [config, report] = [join(directory, "suite.yaml"), join(directory, "report.json")];
  const suite = {
    provider: { command: programs.runtime, config: { isolation: "required" } },
    plugin: { command: programs.plugin },
    invalidConfig: [{ config: { maxSessions: "many" }, paths: ["/maxSessions"] }],
  };
  // JSON is YAML.
  await writeFile(config, JSON.stringify(suite));
  const child = spawn(
    programs.node,
    [
      ...[command, "conformance", "--config", config, "--report", `json=${report}`, "--parallel", "2"],
      ...areas.flatMap((area) => ["--area", area]),
    ],
    {
      cwd: "/",
      env: { PATH: [dirname(programs.node), process.env.PATH].join(delimiter), TMPDIR: directory },
      stdio: ["ignore", "pipe", "pipe"],
      ...(uid !== undefined && { uid, gid: uid }),
    },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  expect([0, 1], said).toContain(code);
  return JSON.parse(await readFile(report, "utf8")) as Report;
}

/** Nothing is red; what was left out is what the profile does not claim, by the reasons that the suite gives. */
export function expectConformant({ verdict, profile, counts, checks }: Report): void {
  const red = checks.filter((check) => !["passed", "skipped", "warned"].includes(check.verdict));
  expect(red.map(({ id, reason, differences }) => ({ id, reason, differences }))).toEqual([]);
  expect(verdict).toBe("conformant");
  expect(counts.passed).toBeGreaterThan(20);
  expect(profile.support).toMatchObject({
    canHostPlugins: true,
    hostServiceAccess: "direct",
    egressMode: "hostname",
  });
  for (const { id, verdict: one, reason = "" } of checks)
    if (one === "skipped")
      expect({ id, reason }).toEqual({ id, reason: expect.stringMatching(notClaimed) as string });
}

/** A runtime of processes that end with it, without workspaces, whose program here is a script. */
const notClaimed =
  /can_host_plugins = true|declares\.outlives|script \(#!\)|supports_prepare_workspace = false|says host_service_access DIRECT/;
