import { constants } from "node:fs";
import { copyFile, link, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  startGestaltd,
  startProvider,
  fixturePlugin,
  type ProviderInstanceOptions,
} from "@gestalt-runtime/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { program, testDirectory } from "./support.js";

/** Node.js itself with the program beside it: a script does not start in the host's sandbox (PROC-10). */
async function executable(directory: string): Promise<Pick<ProviderInstanceOptions, "command" | "args">> {
  const folder = join(directory, "package");
  await mkdir(folder);
  onTestFinished(() => rm(folder, { recursive: true }));
  const [command, script] = [join(folder, "process-runtime"), join(folder, "process-runtime.mjs")];
  await link(process.execPath, command).catch(() =>
    copyFile(process.execPath, command, constants.COPYFILE_EXCL),
  );
  await copyFile(program, script);
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
      const { command, args = [] } = await executable(directory);
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
