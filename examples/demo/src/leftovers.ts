import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * What a run has left: processes (of those that it is known to have started, and any other whose environment or
 * command line names the run's directory), and everything in that directory, sockets included.
 */
export async function findLeftovers(directory: string, pids: Iterable<number>): Promise<string[]> {
  const left: string[] = [];
  for (const pid of pids) if (isAlive(pid)) left.push(`process ${pid}`);
  for (const pid of await processesNaming(directory)) left.push(`process ${pid}, which names ${directory}`);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    left.push(
      `${entry.isDirectory() ? "directory" : entry.isSocket() ? "socket" : "file"} ${join(entry.parentPath, entry.name)}`,
    );
  return left;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Linux only: elsewhere there is no /proc, and the known processes must do. */
async function processesNaming(directory: string): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const found: number[] = [];
  for (const name of names) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const texts = await Promise.all(
      ["environ", "cmdline"].map((file) => readFile(`/proc/${name}/${file}`, "utf8").catch(() => "")),
    );
    if (texts.some((text) => text.includes(directory))) found.push(Number(name));
  }
  return found;
}
