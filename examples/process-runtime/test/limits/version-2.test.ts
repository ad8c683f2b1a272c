import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { memoryKills, refusedProcesses, writeLimits } from "../../src/limits/cgroup-files.js";
import { removeCgroup } from "../../src/limits/remove-cgroup.js";

const MiB = 2 ** 20;

/** A folder with the files of a cgroup; the kernel's own do what is written into them. */
async function cgroupOfFiles(): Promise<string> {
  const folder = await mkdtemp("/tmp/gprv-");
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Where a hierarchy of version 2 is mounted in which this user may make cgroups, with or without controllers. */
const top = readFileSync("/proc/self/mountinfo", "utf8")
  .split("\n")
  .find((line) => line.includes(" - cgroup2 "))
  ?.split(" ")[4];
const canMake = top !== undefined && process.getuid?.() === 0;

describe("cgroups of version 2", () => {
  it("SESS-10: limits are written as the kernel reads them, for those controllers that are there", async () => {
    const limits = { memoryBytes: 64 * MiB, cpus: 0.5, processes: 20 };
    const all = await cgroupOfFiles();
    await writeLimits(all, 2, ["memory", "cpu", "pids"], limits);
    const written = await Promise.all(
      (await readdir(all)).sort().map(async (name) => [name, await readFile(join(all, name), "utf8")]),
    );
    expect(Object.fromEntries(written)).toEqual({
      "cpu.max": "50000 100000",
      "memory.max": String(64 * MiB),
      "memory.oom.group": "1",
      "memory.swap.max": "0",
      "pids.max": "20",
    });
    const some = await cgroupOfFiles();
    await writeLimits(some, 2, ["pids"], limits);
    expect(await readdir(some)).toEqual(["pids.max"]);
  });

  it("SESS-10: what the kernel did for a limit is read from its counts", async () => {
    const cgroup = await cgroupOfFiles();
    expect([await memoryKills(cgroup, 2), await refusedProcesses(cgroup)]).toEqual([0, 0]);
    await writeFile(
      join(cgroup, "memory.events"),
      "low 0\nhigh 0\nmax 41\noom 3\noom_kill 2\noom_group_kill 1\n",
    );
    await writeFile(join(cgroup, "pids.events"), "max 7\n");
    expect([await memoryKills(cgroup, 2), await refusedProcesses(cgroup)]).toEqual([2, 7]);
  });

  it.skipIf(!canMake)(
    "SESS-8, REC-2: the kernel kills all that is in one, and those below it, at one go",
    async () => {
      const cgroup = join(top ?? "", `gestalt-test-${process.pid}`);
      await mkdir(join(cgroup, "below"), { recursive: true });
      onTestFinished(() => removeCgroup(cgroup, 5_000).then());
      const children = [cgroup, join(cgroup, "below")].map((place) =>
        spawn(
          "/bin/sh",
          ["-c", `echo 0 >"$1/cgroup.procs" && trap "" TERM && echo in && sleep 60`, "sh", place],
          {
            stdio: ["ignore", "pipe", "ignore"],
          },
        ),
      );
      const ended = children.map((child) => once(child, "exit"));
      await Promise.all(children.map((child) => once(child.stdout, "data")));
      expect(await removeCgroup(cgroup, 20_000)).toBe(true);
      expect((await Promise.all(ended)).map(([, signal]) => signal as string)).toEqual([
        "SIGKILL",
        "SIGKILL",
      ]);
      expect(existsSync(cgroup)).toBe(false);
      expect(await removeCgroup(cgroup, 0)).toBe(true);
    },
  );
});
