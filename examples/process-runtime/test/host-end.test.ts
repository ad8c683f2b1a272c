import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stillRuns, treesOf, type SeenProcess } from "./processes.js";
import { copyProgramsForAll, type ProgramsForAll } from "./programs-for-all.js";
import { canIsolate } from "./isolation/support.js";
import { isAlive, leftovers, testDirectory } from "./support.js";

const kinds = ["pid-namespace", "process-group", ...(canIsolate ? ["bubblewrap"] : [])];
const nobody = 65_534;
const users = process.getuid?.() === 0 ? [undefined, nobody] : [undefined];

let programs: ProgramsForAll | undefined;
beforeAll(async () => {
  programs = await copyProgramsForAll(users.at(-1));
});
afterAll(() => programs?.remove());

/** A host of its own process, in mid-session, perhaps another user's. */
async function startHost(directory: string, containment: string, uid?: number): Promise<StartedHost> {
  if (uid !== undefined) await chmod(directory, 0o777);
  if (programs === undefined) throw new Error("the programs were not copied");
  const { node, host, runtime, plugin, path } = programs;
  const child = spawn(node, [host, runtime, plugin, directory, containment], {
    cwd: "/",
    env: { PATH: path },
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
