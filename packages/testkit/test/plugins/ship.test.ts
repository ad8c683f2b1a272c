import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { waitForHttp2 } from "@gestalt-runtime/sdk";
import { IntegrationProvider, openChannel } from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { fixturePlugin, shipFixturePlugin } from "../../src/index.js";
import { programOf } from "../../src/lint/index.js";
import { runCommand } from "../cli/run-command.js";
import { makeBareRoot, whyNoBareRoot } from "../release/bare-root.js";
import { own } from "../release/package-fixture.js";

describe("the fixture plugin for any guest", { timeout: 180_000 }, () => {
  let output: string;
  let executable: string;

  beforeAll(async () => {
    output = await mkdtemp("/tmp/ship-");
    const { code, stdout, stderr } = await runCommand(["plugin", "--output", output, "--executable"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    executable = join(output, "fixture-plugin");
    expect(stdout).toMatch(new RegExp(`^${executable}: \\d+\\.\\d MB, ${own.os}/${own.arch}\n$`));
  }, 180_000);
  afterAll(() => rm(output, { recursive: true, force: true }));

  it("is one executable file, and nothing else is left beside it", async () => {
    expect(await readdir(output)).toEqual(["fixture-plugin"]);
    expect((await stat(executable)).mode & 0o777).toBe(0o755);
    expect(programOf(await readFile(executable))).toEqual({ type: "executable", platform: own });
  });

  const noBareRoot = whyNoBareRoot();
  it.skipIf(noBareRoot !== undefined)(
    `PLUG-3, PLUG-4: answers in a guest that has no Node.js and no shell${noBareRoot === undefined ? "" : ` (${noBareRoot})`}`,
    async () => {
      const root = await folder();
      await makeBareRoot(root, executable);
      const child = spawn("/usr/sbin/chroot", [root, "/program", "serve", ""], {
        env: { GESTALT_PLUGIN_SOCKET: "/run/p.sock" },
        stdio: "ignore",
      });
      const execute = await reach(child, join(root, "run/p.sock"));
      expect(await execute("echo", { a: 1 })).toEqual({ a: 1 });
      expect(await execute("config")).toMatchObject({ started: false });
    },
  );

  it("starts processes of itself, which end by themselves or are ended, as the script does", async () => {
    const socket = join(await folder(), "p.sock");
    const child = spawn(executable, [], { env: { GESTALT_PLUGIN_SOCKET: socket }, stdio: "ignore" });
    const execute = await reach(child, socket);
    for (const kind of ["plain", "session", "daemon"]) {
      const { pid } = await execute("spawn", { kind, lifetimeMs: 60_000 });
      onTestFinished(() => void process.kill(Number(pid), "SIGKILL"));
      expect(await readFile(`/proc/${Number(pid)}/cmdline`, "utf8")).toContain(executable);
    }
  });

  it("is a file for node as well, the same that the testkit starts", async () => {
    const to = join(await folder(), "made", "here");
    const { file, bytes, platform } = await shipFixturePlugin({ output: to });
    expect({ file, platform }).toEqual({ file: join(to, "fixture-plugin.mjs"), platform: undefined });
    expect((await readFile(file)).equals(await readFile(fixturePlugin().command))).toBe(true);
    expect(await stat(file)).toMatchObject({ size: bytes, mode: 0o100755 });
  });

  it.each([
    [["plugin"], 2, /--output/],
    [["plugin", "--output", "/tmp/x", "--platform", "linux/arm64"], 1, /add --executable/],
    [["plugin", "--output", "/tmp/ship-none", "--executable", "--platform", "vms/vax"], 1, /--platform: /],
    [["plugin", "--output", "/tmp/ship-none", "--executable", "--platform", "linux/arm64"], 1, /--node/],
  ])("refuses %j", async (args, code, text) => {
    const run = await runCommand(args);
    expect({ code: run.code, text: text.test(run.stderr) }).toEqual({ code, text: true });
    await rm("/tmp/ship-none", { recursive: true, force: true });
  });
});

async function folder(): Promise<string> {
  const made = await mkdtemp("/tmp/ship-");
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** Waits for a plugin and gives what calls it; it is ended with the test. */
async function reach(child: ChildProcess, socket: string) {
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
  await waitForHttp2({ type: "unix", path: socket }, { signal: AbortSignal.timeout(60_000) });
  const channel = openChannel(`unix:${socket}`, credentials.createInsecure());
  onTestFinished(() => channel.close());
  const client = channel.client(IntegrationProvider);
  return async (operation: string, params: Record<string, string | number> = {}) => {
    const { status, body } = await client.execute({ operation, params });
    expect({ operation, status, body }).toMatchObject({ status: 200 });
    return JSON.parse(body) as Record<string, unknown>;
  };
}
