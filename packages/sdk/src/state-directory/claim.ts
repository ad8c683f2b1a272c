import { join } from "node:path";
import { takeLock, type Lock } from "./lock.js";
import { ensurePrivateDirectory } from "./private-directory.js";

/** Bound here before it is a lock; refused ones are nobody's. */
export const temporaryPrefix = "~";

const attempts = 10;

/**
 * Takes the lock of a new instance below `root`, which is made where it is missing.
 *
 * @param newId gives an id that was never used
 * @param lockName the lock's name for an id
 */
export async function claimInstance(
  root: string,
  newId: () => string,
  lockName: (id: string) => string,
): Promise<{ id: string; lock: Lock }> {
  for (let attempt = 1; ; attempt += 1) {
    const id = newId();
    try {
      await ensurePrivateDirectory(root);
      return { id, lock: await takeLock(join(root, lockName(id)), join(root, temporaryPrefix + id)) };
    } catch (error) {
      // Another instance took the empty root, or the name that was not a lock yet, away. libuv tells a missing
      // directory as EACCES.
      const code = (error as NodeJS.ErrnoException).code;
      if ((code !== "ENOENT" && code !== "EACCES") || attempt === attempts) throw error;
    }
  }
}
