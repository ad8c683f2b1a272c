import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { fixturePlugin } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import { stillRuns, treesOf, type SeenProcess } from "./processes.js";
import {
  isAlive,
  leftovers,
  processesOf,
  program,
  startPlugin,
  startRuntime,
  startSession,
  testDirectory,
} from "./support.js";

const host = fileURLToPath(new URL("./.fixtures/host-in-mid-session.mjs", import.meta.url));
const kinds = ["pid-namespace", "process-group"] as const;
const nobody = 65_534;
const users = process.getuid?.() === 0 ? [undefined, nobody] : [undefined];
/** Where the runtime keeps its sessions by default. */
const stateDir = (directory: string): string => join(directory, `gst-${process.getuid?.() ?? 0}-process`);

/** A host of its own process, in mid-session, perhaps another user's. */
async function startHost(directory: string, containment: string, uid?: number): Promise<StartedHost> {
  if (uid !== undefined) await chmod(directory, 0o777);
  const args = [host, program, fixturePlugin().command, directory, containment];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, "close").then(() => {
    throw new Error(`the host ended before it hosted anything: ${errors}`);
  });
  ended.catch(() => undefined);
  const [line] = await Promise.race([once(child.stdout, "data") as Promise<[Buffer]>, ended]);
  const pids = JSON.parse(line.toString()) as number[];
  return { child, pids, processes: treesOf([child.pid ?? 0, ...pids]) };
}

interface StartedHost {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** The provider, the plugin and what it has started. */
  readonly pids: readonly number[];
  /** Those, and what holds them together. */
  readonly processes: readonly SeenProcess[];
}

describe.each(kinds)("a host's end, held together by %s", (containment) => {
  it.each(users)(
    "PROC-7, PROC-8: kill -9 of the host in mid-session: provider, plugin and all descendants go, and no directory stays (uid %s)",
    async (uid) => {
      const directory = await testDirectory();
      const { child, pids, processes } = await startHost(directory, containment, uid);
      expect(pids.every(isAlive)).toBe(true);
      child.kill("SIGKILL");
      await once(child, "exit");
      await expect.poll(() => processes.filter(stillRuns), { timeout: 5_000 }).toEqual([]);
      // The host's own directories are left by its death; the provider's are not.
      const left = await readdir(directory);
      expect(left.filter((name) => /^gst-\d+-process/.test(name))).toEqual([]);
      for (const name of left) {
        expect(await readdir(join(directory, name))).not.toContain("plugin.sock");
        await rm(join(directory, name), { recursive: true });
      }
    },
  );

  it.each(users)(
    "PROC-6, BIND-2, SESS-8: hosts a plugin that uses the host's cache, and ends without a trace (uid %s)",
    async (uid) => {
      const directory = await testDirectory();
      const { child, processes } = await startHost(directory, containment, uid);
      const said = once(child.stdout, "data") as Promise<[Buffer]>;
      child.kill("SIGTERM");
      const [report] = await said;
      expect(JSON.parse(report.toString())).toMatchObject({ process: { code: 0, killed: false } });
      expect(leftovers(directory).filter((left) => !left.startsWith(`process ${child.pid ?? 0} `))).toEqual(
        [],
      );
      if (child.exitCode === null) await once(child, "exit");
      expect(child.exitCode).toBe(0);
      expect(processes.filter(stillRuns)).toEqual([]);
    },
  );
});

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
