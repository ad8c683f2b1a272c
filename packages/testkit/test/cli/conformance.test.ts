import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { allProcesses } from "../../src/conformance/leftovers/processes.js";
import type { CallReport, ConformanceReport } from "../../src/conformance/reports/report.js";
import { attachEnvironment } from "../../src/host/provider-attach.js";
import { referenceProvider } from "../conformance/subjects.js";
import { command, runCommand } from "./run-command.js";

const run = (...args: string[]) => runCommand(["conformance", ...args], { cwd: "/tmp" });
const provider = (...faults: string[]): string[] => [
  "--",
  referenceProvider,
  ...faults.flatMap((fault) => ["--fault", fault]),
];

async function folder(): Promise<string> {
  const made = await mkdtemp("/tmp/gcc-");
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

/** Those whose command line names the path, but for one. */
function processesOf(path: string, except: number | undefined): number[] {
  return allProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => pid !== except && pid !== process.pid && commandLine(pid).includes(path));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

/** What was asked of whom, once each. */
function asked(calls: readonly CallReport[] = []): string[] {
  const texts = calls.map(({ to, name, method, request }) => JSON.stringify([to, name, method, request]));
  return [...new Set(texts)].sort();
}

describe("gestalt-runtime conformance", { timeout: 300_000 }, () => {
  it("ends with 0 for a provider that keeps what is asked, and says so", async () => {
    const { code, stdout } = await run("--check", "support/get-support/answers", ...provider());
    expect(stdout).toContain("passed   support/get-support/answers");
    expect(stdout).toMatch(
      /What was checked conforms: 1 passed in [\d.]+ s\nreference 1\.0\.0: hosts plugins/,
    );
    expect(code).toBe(0);
  });

  it("ends with 1 for one that does not, with all that its author needs, in every form asked for", async () => {
    const at = await folder();
    const forms = ["json", "junit", "tap", "html", "statement"].map(
      (form) => `--report=${form}=${join(at, form)}`,
    );
    const check = "lifecycle/configure-provider/answers-version-3";
    const { code, stdout } = await run("--check", check, ...forms, ...provider("version-left-out"));
    expect(code).toBe(1);
    expect(stdout).toContain("LIFE-2: the protocol version in ConfigureProvider's answer is 0; expected 3");
    expect(stdout).toContain("mend: Set protocol_version = 3 in ConfigureProvider's answer.");
    expect(stdout).toContain(
      `again: gestalt-runtime conformance --seed 1 --check ${check} -- ${referenceProvider} --fault version-left-out`,
    );
    const report = JSON.parse(await readFile(join(at, "json"), "utf8")) as {
      verdict: string;
      checks: { calls: object[] }[];
    };
    expect(report.verdict).toBe("not-conformant");
    expect(report.checks[0]?.calls).toMatchObject([
      { method: "ProviderLifecycle/ConfigureProvider", code: "OK" },
    ]);
    expect(await readFile(join(at, "junit"), "utf8")).toContain('failures="1"');
    expect(await readFile(join(at, "tap"), "utf8")).toContain(`not ok 1 - ${check}`);
    expect(await readFile(join(at, "html"), "utf8")).toMatch(/^<!doctype html>[^]*ConfigureProvider, OK/);
    expect(await readFile(join(at, "statement"), "utf8")).toContain("is not claimed to conform");
  });

  it.each([
    [[], "no provider is named; write the path of its manifest.yaml or provider-release.yaml"],
    [["--check", "nothing/**", ...provider()], "--check nothing/**: no check has such an id"],
    [["--area", "sesion", ...provider()], "--area sesion: there is no such area"],
    [
      ["--requirement", "PROC-99", ...provider()],
      "--requirement PROC-99: the contract has no such requirement",
    ],
    [["--timeout", "lunch=5s", ...provider()], "Write call, check, start or suite, = and a time"],
    [["--report", "html5", ...provider()], "Write one of json, junit, tap"],
    [["--repeat", "0", ...provider()], "Write a whole number from 1 to 1000."],
    [["--baseline", "/nonexistent", ...provider()], "--baseline /nonexistent can't be read"],
    [["--update-baseline", ...provider()], "--update-baseline writes the file of --baseline; name it"],
    [["--", "/nonexistent/provider"], "there is no file /nonexistent/provider; build the provider first"],
    [["--attach", "/tmp/x.sock", ...provider()], "--attach takes a provider that runs already"],
    [["--config", "/nonexistent.yaml"], "/nonexistent.yaml can't be read"],
  ])("ends with 2 when it is called wrongly: %j", async (args, text) => {
    const { code, stderr } = await run(...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(text) as string });
  });

  it("ends with 3 when the provider does not start, with its last words", async () => {
    const { code, stdout } = await run(...provider("exits-early"));
    expect(stdout).toContain(
      "The provider did not start\n  the provider exited before serving gRPC: exit code 7",
    );
    expect(stdout).toContain("    out of luck");
    expect(stdout).toContain("Nothing was checked: no check ran");
    expect(code).toBe(3);
  });

  it("ends with 130 when it is interrupted, and leaves nothing running", async () => {
    // A path of its own, by which its process is found.
    const path = join(await folder(), "provider");
    await symlink(referenceProvider, path);
    const args = [command, "conformance", "--timeout", "start=60s", "--", path, "--fault", "never-serves"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await expect.poll(() => processesOf(path, child.pid)).toHaveLength(1);
    child.kill("SIGINT");
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(130);
    expect(processesOf(path, child.pid)).toEqual([]);
  });

  it("holds failures against a baseline: known ones may fail, and have to", async () => {
    const baseline = join(await folder(), "baseline.txt");
    const select = ["--check", "lifecycle/configure-provider/answers-version-3", "--baseline", baseline];
    expect((await run("--update-baseline", ...select, ...provider("version-left-out"))).code).toBe(0);
    expect(await readFile(baseline, "utf8")).toContain("\nlifecycle/configure-provider/answers-version-3\n");
    const known = await run(...select, ...provider("version-left-out"));
    expect(known.stdout).toContain("failed (known) lifecycle/configure-provider/answers-version-3");
    expect(known.code).toBe(0);
    const mended = await run(...select, ...provider());
    expect(mended.stdout).toContain("is in the baseline and passes: remove it there");
    expect(mended.code).toBe(1);
  });

  it("says the same twice, but for times", async () => {
    const at = await folder();
    const report = async (name: string): Promise<unknown> => {
      const path = join(at, name);
      await run("--area", "session", "--seed", "7", `--report=json=${path}`, ...provider("never-ready"));
      const text = (await readFile(path, "utf8"))
        .replaceAll(/"(\w+Ms)": [\d.]+/g, '"$1": 0')
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>");
      const { checks, ...rest } = JSON.parse(text) as ConformanceReport;
      // Calls side by side end in any order, and what polls is asked until it is done.
      return { ...rest, checks: checks.map((check) => ({ ...check, calls: asked(check.calls) })) };
    };
    expect(await report("one")).toEqual(await report("two"));
  });

  it("takes a config file, and a provider that runs already", async () => {
    const at = await folder();
    const socket = join(at, "p.sock");
    await writeFile(join(at, "conformance.yaml"), "timeouts: {callMs: 20000}\nprovider: {name: mine}\n");
    const child = spawn(referenceProvider, [], {
      stdio: "ignore",
      env: { ...process.env, ...attachEnvironment(socket), GESTALT_PLUGIN_PARENT_PID: String(process.pid) },
    });
    onTestFinished(() => void child.kill());
    const { code, stdout } = await run(
      ...["--config", join(at, "conformance.yaml"), "--attach", socket],
      ...["--area", "session", "--area", "process"],
    );
    expect(stdout).toContain("passed   session/start-session/gets-ready");
    expect(stdout).toMatch(
      /skipped \d+: needs a provider of its own, and --attach has one that somebody else started/,
    );
    expect(code).toBe(0);
    expect(child.exitCode).toBe(null);
  });

  it("lists what would run, and runs nothing", async () => {
    const { code, stdout } = await run("--list", "--requirement", "LIFE-6");
    expect(stdout).toContain("lifecycle/runtime-calls/refused-before-configuration  LIFE-6\n");
    expect(code).toBe(0);
  });
});
