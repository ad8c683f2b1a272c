import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fixturePlugin, type ProviderInstance } from "@gestalt-runtime/testkit";
import { expect, it } from "vitest";
import { stillRuns } from "../processes.js";
import {
  dial,
  leftovers,
  processesOf,
  startRuntime,
  startSession,
  testDirectory,
  type Plugin,
} from "../support.js";
import { describeIsolated, isolated } from "./support.js";

const stateDir = (directory: string): string =>
  join(directory, `gst-${process.getuid?.() ?? 0}-process-process`);

/** A network that is given up while one looks would be counted, or not. */
const counted = { ...isolated, network: "host" } as const;

/** With a policy, so that everything that isolation has stands around it. */
async function start(provider: ProviderInstance): Promise<Plugin> {
  const sessionId = await startSession(provider);
  const request = { sessionId, pluginName: "example", defaultAction: "deny", ...fixturePlugin() };
  const { dialTarget } = await provider.runtime.startPlugin(request);
  return dial(sessionId, dialTarget);
}

describeIsolated("what is killed", () => {
  it("PROC-8, REC-2: the provider: guest, network and helpers go with it; the next instance removes the rest, and only that", async () => {
    const directory = await testDirectory();
    const dead = await startRuntime(directory, counted);
    const living = await startRuntime(directory, isolated);
    const survivor = await start(living);
    const { execute } = await start(dead);
    await execute("spawn", { kind: "daemon", ignoreSigterm: true });
    const processes = processesOf(dead);
    // bubblewrap twice in each of guest and network, socat, the plugin and its daemon.
    expect(
      processes
        .map(({ name }) => name)
        .sort()
        .join(" "),
    ).toMatch(/(bwrap ){4,}.*socat/);
    await dead.kill();
    await expect.poll(() => processes.filter(stillRuns), { timeout: 5_000 }).toEqual([]);

    const next = await startRuntime(directory, isolated);
    // Two living instances: a directory and a lock each.
    expect(await readdir(stateDir(directory))).toHaveLength(4);
    expect(await survivor.execute("echo", { still: "there" })).toEqual({ still: "there" });
    await start(next);
  });

  it("SESS-10, REC-2: any process of bubblewrap's, at its guest or its network: the session fails at once, nothing is left, and the next one starts", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory, counted);
    await provider.runtime.stopSession({ sessionId: (await start(provider)).sessionId });
    const before = leftovers(directory);
    const wrappers = (): number[] =>
      processesOf(provider)
        .filter(({ name }) => name === "bwrap")
        .map(({ pid }) => pid);
    const { sessionId } = await start(provider);
    const count = wrappers().length;
    await provider.runtime.stopSession({ sessionId });
    expect(count).toBeGreaterThanOrEqual(4);
    for (let victim = 0; victim < count; victim += 1) {
      const plugin = await start(provider);
      process.kill(wrappers()[victim] ?? 0, "SIGKILL");
      await expect
        .poll(async () => (await provider.runtime.getSession({ sessionId: plugin.sessionId })).state)
        .toBe("failed");
      await provider.runtime.stopSession({ sessionId: plugin.sessionId });
      await expect.poll(() => leftovers(directory)).toEqual(before);
    }
    await start(provider);
  });
});
