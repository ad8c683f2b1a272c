import { constants } from "node:fs";
import { copyFile, cp, link, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  fixturePlugin,
  packageProvider,
  startGestaltd,
  startProvider,
  type FakeGestaltd,
} from "@gestalt-runtime/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { program, testDirectory } from "./support.js";

const ownFolder = fileURLToPath(new URL("..", import.meta.url));

/** Node.js itself with the program beside it: a script does not start in the host's sandbox (PROC-10). */
async function executable(directory: string): Promise<{ command: string; args: string[] }> {
  const folder = join(directory, "package");
  await mkdir(folder);
  onTestFinished(() => rm(folder, { recursive: true }));
  const [command, script] = [join(folder, "process-runtime"), join(folder, "process-runtime.mjs")];
  await link(process.execPath, command).catch(() =>
    copyFile(process.execPath, command, constants.COPYFILE_EXCL),
  );
  await cp(dirname(program), folder, { recursive: true });
  return { command, args: [script] };
}

const cannotHost = (refusedWith: string): string =>
  `gestaltd runs this provider in its sandbox: programs of this machine can't be started (${refusedWith}), so plugins ` +
  "can't be hosted on it. The sandbox comes of server.egress.defaultAction: deny or of " +
  "runtime.providers.process.egress.allowedHosts: set the default to allow and remove that list, and give the plugins " +
  "an egress.allowedHosts of their own; or choose a runtime that hosts plugins elsewhere";

describe("the process runtime in the host's sandbox", () => {
  for (const [enforcement, refusedWith] of [
    ["landlock", "EACCES"],
    ["bubblewrap", "ENOENT"],
  ] as const)
    it(`PROC-10, SUP-2: says that it can't host, and why, in words for an operator (${enforcement})`, async () => {
      const directory = await testDirectory();
      const { command, args } = await executable(directory);
      await using provider = await startProvider({
        command,
        args,
        name: "process",
        tmpDir: directory,
        sandbox: { enforcement },
      });
      const { before, after } = await provider.handshake({ stateDir: "/var/lib/process-runtime" });
      expect(before.warnings).toEqual([]);
      expect(after.warnings).toEqual([cannotHost(refusedWith)]);
      const support = await provider.runtime.getSupport({});
      expect(support.canHostPlugins).toBe(false);
      expect(await provider.lifecycle.healthCheck({})).toMatchObject({
        ready: false,
        message: cannotHost(refusedWith),
      });
      await expect(provider.sessions.start({ pluginName: "p", metadata: {} })).rejects.toThrow(
        cannotHost(refusedWith),
      );
      expect(provider.process.stderr).toContain(cannotHost(refusedWith));
      expect(provider.process.stderr).not.toContain("permission denied");
      expect(await provider.shutdown()).toMatchObject({ code: 0, signal: null, killed: false });
    });

  it("PROC-10: is skipped with that by a host that denies egress by default", async () => {
    const directory = await testDirectory();
    await using gestaltd = await startGestaltd({
      runtimeProviders: { process: await executable(directory) },
      plugins: { example: fixturePlugin() },
      egress: { defaultAction: "deny" },
      tmpDir: directory,
    });
    expect(gestaltd.outcomes.get("example")).toMatchObject({ status: "skipped", failure: "cannot-host" });
  });
});

describe("the process runtime as a release", () => {
  const release = async (directory: string, artifact: "executable" | "script"): Promise<string> => {
    const output = join(directory, "release");
    onTestFinished(() => rm(output, { recursive: true, force: true }));
    return (await packageProvider({ folder: ownFolder, artifact, output })).metadata;
  };

  it("PROC-10: the executable hosts plugins in the open, and says in the sandbox that it can't", async () => {
    const directory = await testDirectory();
    const source = await release(directory, "executable");
    const host = (sandbox: boolean): Promise<FakeGestaltd> =>
      startGestaltd({
        runtimeProviders: { process: { source, sandbox } },
        plugins: { example: fixturePlugin() },
        tmpDir: directory,
        operatorEnv: { PATH: process.env.PATH, TMPDIR: directory },
      });
    {
      await using open = await host(false);
      expect((await open.execute("example", "echo", { a: 1 })).body).toBe('{"a":1}');
    }
    await using sandboxed = await host(true);
    expect(sandboxed.outcomes.get("example")).toMatchObject({ status: "skipped", failure: "cannot-host" });
    const [, after] = sandboxed.trace.calls.filter(({ method }) => method.endsWith("/GetProviderIdentity"));
    expect(after?.outcome).toMatchObject({ code: "OK", response: { warnings: [cannotHost("EACCES")] } });
  }, 240_000);

  it("PROC-10: the script does not start in the sandbox, and the host says what to do", async () => {
    const directory = await testDirectory();
    const source = await release(directory, "script");
    await using gestaltd = await startGestaltd({
      runtimeProviders: { process: { source, sandbox: true } },
      plugins: { example: fixturePlugin() },
      tmpDir: directory,
    });
    const outcome = gestaltd.outcomes.get("example");
    expect(outcome).toMatchObject({ status: "skipped", failure: "exited-before-serving" });
    expect(outcome?.status === "skipped" && outcome.message).toContain(
      "Package the provider as an executable: gestalt-runtime package --artifact executable",
    );
  }, 120_000);
});
