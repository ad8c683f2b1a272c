import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

const open = new Set<string>();

/**
 * Lends a folder for some work: it is gone when the work is over, and also when the process exits in the middle of
 * it. (A signal that nobody handles ends Node.js without an exit: programs handle theirs.)
 *
 * @param parent an existing folder
 */
export async function withTemporaryFolder<T>(
  parent: string,
  prefix: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(parent, prefix));
  if (open.size === 0) process.on("exit", removeAll);
  open.add(folder);
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
    open.delete(folder);
    if (open.size === 0) process.off("exit", removeAll);
  }
}

function removeAll(): void {
  for (const folder of open) rmSync(folder, { recursive: true, force: true });
}
