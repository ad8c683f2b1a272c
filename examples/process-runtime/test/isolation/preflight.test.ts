import { fixturePlugin } from "@gestalt-runtime/testkit";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";
import { BubblewrapIsolation } from "../../src/isolation/bubblewrap.js";
import { tryIsolation } from "../../src/isolation/preflight.js";
import { ProcessTreeIsolation } from "../../src/isolation/process-tree.js";
import { dial, program, refusal, startRuntime, startSession, testDirectory } from "../support.js";
import { describeIsolated } from "./support.js";

/** The runtime on a machine where the file system has nothing but a failing program in bubblewrap's place. */
const withoutBubblewrap = {
  command: "/usr/bin/unshare",
  args: [...["--mount", "sh", "-c", 'mount --bind /bin/false "$(command -v bwrap)" && exec "$0"', program]],
};
const isRoot = process.getuid?.() === 0;
const fault = "bubblewrap ended without a word";

describeIsolated("the look at what this machine can do", () => {
  it("SUP-1: a guest that is not what it is meant to be is no isolation, and nothing of the look stays", async () => {
    const folder = await mkdtemp("/tmp/gpr-");
    onTestFinished(() => rm(folder, { recursive: true }));
    const onTree = (): Promise<void> => Promise.resolve();
    const bubblewrap = (bwrap: string): BubblewrapIsolation => {
      const options = { bwrap, network: undefined, readOnlyPaths: [], stateFolder: folder, onTree };
      const isolation = new BubblewrapIsolation(options);
      onTestFinished(() => isolation.close());
      return isolation;
    };
    expect(await tryIsolation(bubblewrap("/usr/bin/bwrap"), folder)).toBeUndefined();
    expect(await tryIsolation(bubblewrap("/bin/false"), folder)).toContain(fault);
    // It runs what it is given and keeps nothing apart: the kernel's own words tell.
    expect(await tryIsolation(new ProcessTreeIsolation("process-group", onTree), folder)).toContain(
      "a guest lacks",
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it.runIf(isRoot)(
    "LIFE-3, SUP-1: where it can't be had, required refuses with the mend, and auto goes on without",
    async () => {
      const provider = await startRuntime(await testDirectory(), undefined, {
        ...withoutBubblewrap,
        configure: () => Promise.resolve(),
      });
      const configure = (isolation: string): Promise<unknown> =>
        provider.lifecycle.configureProvider({ name: "process", config: { isolation }, protocolVersion: 3 });
      expect(await refusal(configure("required"))).toMatchObject({
        code: "FAILED_PRECONDITION",
        message: expect.stringMatching(
          /isolation is "required".*can't be had here: .*or set isolation to/,
        ) as string,
      });
      await configure("auto");
      expect(provider.process.stderr).toContain("plugins are not isolated from this machine: ");
      expect(await provider.runtime.getSupport()).toMatchObject({ canHostPlugins: true, egressMode: 1 });
      const sessionId = await startSession(provider);
      const request = { sessionId, pluginName: "example", ...fixturePlugin() };
      const { dialTarget } = await provider.runtime.startPlugin(request);
      expect(await dial(sessionId, dialTarget).execute("identity")).toMatchObject({ cwd: process.cwd() });
    },
  );
});
