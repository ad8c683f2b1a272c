import { fixturePlugin, type ProviderInstance } from "@gestalt-runtime/testkit";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";
import { BubblewrapIsolation } from "../../src/isolation/bubblewrap.js";
import { tryIsolation } from "../../src/isolation/preflight.js";
import { ProcessTreeIsolation } from "../../src/isolation/process-tree.js";
import {
  dial,
  program,
  refusal,
  startPlugin,
  startRuntime,
  startSession,
  testDirectory,
} from "../support.js";
import { onOwnMachine } from "../network/own-machine.js";
import { describeIsolated, describeOwnNetwork } from "./support.js";

/** The runtime on a machine where the file system has nothing but a failing program in a tool's place. */
const without = (tool: string): { command: string; args: string[] } => ({
  command: "/usr/bin/unshare",
  args: ["--mount", "sh", "-c", 'mount --bind /bin/false "$(command -v "$1")" && exec "$0"', program, tool],
});
const isRoot = process.getuid?.() === 0;
const fault = "bubblewrap ended without a word";

describeIsolated("the look at what this machine can do", () => {
  it("SUP-1: a guest that is not what it is meant to be is no isolation, and nothing of the look stays", async () => {
    const folder = await mkdtemp("/tmp/gpr-");
    onTestFinished(() => rm(folder, { recursive: true }));
    const onTree = (): Promise<void> => Promise.resolve();
    const bubblewrap = (bwrap: string): BubblewrapIsolation => {
      const networks = { network: undefined, openNetwork: undefined };
      const isolation = new BubblewrapIsolation({
        ...{ bwrap, ...networks, readOnlyPaths: [], stateFolder: folder, onTree },
      });
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
        ...without("bwrap"),
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

describeOwnNetwork("the look at networks of guests' own", () => {
  const configure = (provider: ProviderInstance, config: Record<string, string>): Promise<unknown> =>
    provider.lifecycle.configureProvider({ name: "process", config, protocolVersion: 3 });
  const unconfigured = { configure: () => Promise.resolve() };

  it.runIf(isRoot)(
    "LIFE-3, SUP-1: where they can't be had, private refuses with the mend, auto says so and gives the host's",
    async () => {
      const options = { ...without("pasta"), ...unconfigured };
      const provider = await startRuntime(await testDirectory(), undefined, options);
      expect(await refusal(configure(provider, { network: "private" }))).toMatchObject({
        code: "FAILED_PRECONDITION",
        message: expect.stringMatching(
          /network is "private" and can't be had here: pasta could not .*default route.*or set network to/,
        ) as string,
      });
      await configure(provider, { isolation: "required", network: "auto" });
      const { warnings } = await provider.lifecycle.getProviderIdentity();
      expect(warnings).toEqual([
        expect.stringContaining("have this machine's network, its loopback services"),
      ]);
      expect(await provider.runtime.getSupport()).toMatchObject({ canHostPlugins: true, egressMode: 3 });
      const plugin = await startPlugin(provider);
      expect(await plugin.execute("echo", { still: "there" })).toEqual({ still: "there" });
    },
  );

  it("LIFE-3: without isolation there is no network of a guest's own to be had", async () => {
    const provider = await startRuntime(await testDirectory(), undefined, unconfigured);
    expect(await refusal(configure(provider, { isolation: "none", network: "private" }))).toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining('isolation is "none"') as string,
    });
  });

  it.runIf(isRoot)("SUP-1: a pasta that works is used without a word", async () => {
    const options = { ...onOwnMachine(), ...unconfigured };
    const provider = await startRuntime(await testDirectory(), undefined, options);
    await configure(provider, { isolation: "required" });
    expect((await provider.lifecycle.getProviderIdentity()).warnings).toEqual([]);
    expect(provider.process.stderr).not.toContain("this machine's network");
  });
});
