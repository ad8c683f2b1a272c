import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { allProcesses, stillRuns, treesOf } from "./processes.js";
import { leftovers } from "./support.js";

// "Nothing is left" is said by every test of this folder: here it is seen to notice what is.
describe("the proof that nothing is left", () => {
  let directory: string;
  const undo: (() => unknown)[] = [];

  beforeEach(async () => {
    directory = await mkdtemp("/tmp/gpr-");
  });
  afterEach(async () => {
    for (const step of undo.splice(0)) await step();
    await rm(directory, { recursive: true });
  });

  /** A process that lives until the test ends, with a child whose environment is empty. */
  async function startProcess(args: string[], env: Record<string, string>): Promise<number> {
    const script = "env -i sleep 60 & echo up; wait";
    const child = spawn("/bin/sh", ["-c", script, ...args], { env, stdio: ["ignore", "pipe", "ignore"] });
    const pid = child.pid ?? 0;
    undo.push(() => treesOf([pid]).forEach((found) => process.kill(found.pid, "SIGKILL")));
    await once(child.stdout, "data");
    return pid;
  }

  it("PROC-8: is content with an empty directory, and names files, directories and sockets in it", async () => {
    expect(leftovers(directory)).toEqual([]);
    await mkdir(join(directory, "d"));
    await writeFile(join(directory, "d", "f"), "");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(directory, "s.sock"), resolve));
    undo.push(() => new Promise((resolve) => server.close(resolve)));
    expect(leftovers(directory).sort()).toEqual(["d", "d/f", "s.sock"].map((name) => join(directory, name)));
  });

  it.each(["environment", "command line"])(
    "PROC-8: names a process with the directory in its %s, and what that one has started",
    async (where) => {
      const { PATH = "" } = process.env;
      const pid = await startProcess(
        where === "command line" ? [`${directory}/x`] : [],
        where === "environment" ? { PATH, ANY: directory } : { PATH },
      );
      const [child] = allProcesses().filter(({ parent }) => parent === pid);
      expect(leftovers(directory)).toEqual(
        expect.arrayContaining([
          expect.stringContaining(`process ${pid} `) as string,
          expect.stringContaining(`process ${child?.pid ?? 0} `) as string,
        ]),
      );
    },
  );

  it("PROC-8: tells a process that runs from one that has ended, and from another with its number", async () => {
    const pid = await startProcess([], { PATH: process.env.PATH ?? "" });
    const [found, child] = treesOf([pid]);
    if (found === undefined || child === undefined) throw new Error("the processes are not seen");
    // Once the parent has ended, the child is in nobody's tree.
    undo.push(() => process.kill(child.pid, "SIGKILL"));
    expect(stillRuns(found)).toBe(true);
    expect(stillRuns({ ...found, startTicks: found.startTicks - 1 })).toBe(false);
    process.kill(pid, "SIGKILL");
    await expect.poll(() => stillRuns(found)).toBe(false);
    expect(stillRuns(child)).toBe(true);
  });
});
