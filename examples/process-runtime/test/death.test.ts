import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fixturePlugin } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import { stillRuns, treesOf } from "./processes.js";
import { leftovers, processesOf, startPlugin, startRuntime, startSession, testDirectory } from "./support.js";

const kinds = ["pid-namespace", "process-group"] as const;
/** Where the runtime keeps its sessions by default. */
const stateDir = (directory: string): string =>
  join(directory, `gst-${process.getuid?.() ?? 0}-process-process`);

describe.each(kinds)("a provider's death, held together by %s", (containment) => {
  it("PROC-8, REC-2: kill -9 of the provider ends the plugin's whole tree; the next instance removes the rest, and only that", async () => {
    const directory = await testDirectory();
    const dead = await startRuntime(directory, { containment });
    const living = await startRuntime(directory, { containment });
    const survivor = await startPlugin(living);
    const { execute } = await startPlugin(dead);
    const pids = [(await execute("processes")).pid as number];
    for (const kind of ["plain", "session", "daemon"])
      pids.push((await execute("spawn", { kind, ignoreSigterm: true })).pid as number);
    const before = await readdir(stateDir(directory));
    const processes = [...processesOf(dead), ...treesOf(pids)];
    await dead.kill();
    await expect.poll(() => processes.filter(stillRuns), { timeout: 5_000 }).toEqual([]);
    expect(await readdir(stateDir(directory))).toEqual(before);

    const next = await startRuntime(directory, { containment });
    // Two living instances: a directory and a lock each.
    expect(await readdir(stateDir(directory))).toHaveLength(4);
    expect(await survivor.execute("echo", { still: "there" })).toEqual({ still: "there" });
    expect((await living.runtime.getSession({ sessionId: survivor.sessionId })).state).toBe("running");
    await startSession(next);
  });

  it("PROC-8, REC-2: kill -9 of the provider at any moment of starting plugins leaves nothing that the next instance does not remove", async () => {
    const directory = await testDirectory();
    const rounds = 8;
    for (let round = 0; round < rounds; round += 1) {
      const provider = await startRuntime(directory, { containment });
      const starts = Array.from({ length: 3 }, () =>
        startPlugin(provider, { atStart: ["fork:daemon,ignore-sigterm", "fork:session"] }).catch(
          () => undefined,
        ),
      );
      await delay(20 + round * 50);
      const processes = processesOf(provider);
      await provider.kill();
      await expect.poll(() => processes.filter(stillRuns), { timeout: 5_000 }).toEqual([]);
      await Promise.all(starts);
      await provider.shutdown();
    }
    const next = await startRuntime(directory, { containment });
    // Nothing but its own: no plugin and no daemon of any round lives.
    expect(await readdir(stateDir(directory))).toHaveLength(2);
    const own = processesOf(next).map(({ pid, name }) => `process ${pid} (${name})`);
    expect(leftovers(directory).filter((left) => left.startsWith("process "))).toEqual(own);
  });
});

describe("a provider's death together with its watchdog", () => {
  it("REC-2: processes that nobody has ended are ended by the next instance before it is ready", async () => {
    const directory = await testDirectory();
    const dead = await startRuntime(directory, { containment: "process-group" });
    const { execute } = await startPlugin(dead);
    const pids = [Number((await execute("processes")).pid)];
    for (const kind of ["session", "daemon"])
      pids.push(Number((await execute("spawn", { kind, ignoreSigterm: true })).pid));
    const watchdogs = processesOf(dead).filter(({ name }) => name === "sh");
    expect(watchdogs).toHaveLength(1);
    const left = treesOf(pids);
    // Stopped first, so that it can't start another one.
    dead.process.signal("SIGSTOP");
    for (const { pid } of watchdogs) process.kill(pid, "SIGKILL");
    await dead.kill();
    expect(left.filter(stillRuns)).toEqual(left);

    await startRuntime(directory, { containment: "process-group" });
    expect(left.filter(stillRuns)).toEqual([]);
  });
});

describe("the provider's end", () => {
  it("PROC-6, PROC-8: SIGTERM with twenty plugins that ignore it: exit 0, no SIGKILL needed, nothing left", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const plugins = await Promise.all(Array.from({ length: 20 }, () => startPlugin(provider)));
    await Promise.all(plugins.map(({ execute }) => execute("ignore-sigterm")));
    expect(await provider.shutdown()).toMatchObject({ code: 0, signal: null, killed: false });
    expect(leftovers(directory)).toEqual([]);
  });

  it("PROC-6, PROC-8: SIGTERM at any moment of StartPlugin, also twice: exit 0, nothing left", async () => {
    const directory = await testDirectory();
    for (let round = 0; round < 8; round += 1) {
      const provider = await startRuntime(directory);
      const sessionId = await startSession(provider);
      const starting = provider.runtime
        .startPlugin({
          sessionId,
          pluginName: "example",
          ...fixturePlugin({ atStart: ["fork:daemon,ignore-sigterm", "no-listen"] }),
        })
        .catch(() => undefined);
      await delay(round * 40);
      const processes = processesOf(provider);
      if (round % 2 === 1) provider.process.signal("SIGTERM");
      expect(await provider.shutdown()).toMatchObject({ code: 0, killed: false });
      await starting;
      expect(processes.filter(stillRuns)).toEqual([]);
      expect(leftovers(directory)).toEqual([]);
    }
  });

  it("PROC-6, SESS-8: SIGTERM while StopSession waits for a plugin that ignores it: exit 0, nothing left", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory, { stopGraceMs: 2_000 });
    const { sessionId, execute } = await startPlugin(provider);
    await execute("ignore-sigterm");
    const stopping = provider.runtime.stopSession({ sessionId }).catch(() => undefined);
    await delay(100);
    expect(await provider.shutdown()).toMatchObject({ code: 0, killed: false });
    await stopping;
    expect(leftovers(directory)).toEqual([]);
  });
});
