import { readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const tryMs = 10;

/**
 * Kills what runs in a cgroup and those below it, and removes them. One that is not there is removed.
 *
 * @returns whether it is gone; false where something in it would not end within the time
 */
export async function removeCgroup(cgroup: string, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    await killAll(cgroup);
    if (await tryRemove(cgroup)) return true;
    if (performance.now() >= deadline) return false;
    await delay(tryMs);
  }
}

async function killAll(cgroup: string): Promise<void> {
  // Version 2 does it at one go, so that nothing gets away by forking.
  const atOnce = await writeFile(join(cgroup, "cgroup.kill"), "1", { flag: "r+" }).then(
    () => true,
    () => false,
  );
  if (atOnce) return;
  for (const child of await childrenOf(cgroup)) await killAll(child);
  const text = await readFile(join(cgroup, "cgroup.procs"), "utf8").catch(() => "");
  for (const pid of text.split("\n").map(Number)) {
    // 0 stands for processes that this PID namespace does not see; to kill it would be to kill this group.
    if (pid <= 0 || pid === process.pid) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}

async function tryRemove(cgroup: string): Promise<boolean> {
  for (const child of await childrenOf(cgroup)) if (!(await tryRemove(child))) return false;
  return rmdir(cgroup).then(
    () => true,
    (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT",
  );
}

async function childrenOf(cgroup: string): Promise<string[]> {
  const found = await readdir(cgroup, { withFileTypes: true }).catch(() => []);
  return found.filter((entry) => entry.isDirectory()).map(({ name }) => join(cgroup, name));
}
