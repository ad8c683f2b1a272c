import { randomBytes } from "node:crypto";
import { lstat, mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { claimInstance, temporaryPrefix } from "./claim.js";
import { keepFresh } from "./freshness.js";
import { isOwnerDead } from "./lock.js";

/** Where an instance keeps its files, and what to do about those of dead ones. */
export interface InstanceDirectoryOptions {
  /** The directory that instances share; made with mode 0700 where it is missing. */
  readonly root: string;
  /** Remove `root` too when this instance closes and nothing else is in it. Default false. */
  readonly removeRoot?: boolean;
  /**
   * Called with the directory of a dead instance before it is removed, to end what else that one left. The
   * directory may be missing already.
   */
  readonly onLeftover?: (path: string) => Promise<void>;
}

/** A directory that belongs to this process alone, for as long as it lives (REC-2). */
export interface InstanceDirectory {
  /** Random; never used again. */
  readonly id: string;
  /** Absolute; below `root`, with mode 0700. */
  readonly path: string;
  /** Removes the directory and lets go of it. */
  close(): Promise<void>;
}

const lockSuffix = ".lock";
const newId = () => randomBytes(4).toString("hex");

/**
 * Makes a directory for this instance below `root`, and removes what dead instances left there: only theirs, as
 * their lock proves, since others may be alive (PROC-9, REC-2).
 */
export async function openInstanceDirectory(options: InstanceDirectoryOptions): Promise<InstanceDirectory> {
  const { root, removeRoot = false, onLeftover } = options;
  const { id, lock } = await claimInstance(root, newId, (name) => name + lockSuffix);
  const path = join(root, id);
  try {
    await removeLeftovers(root, onLeftover);
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    await lock.release();
    throw error;
  }
  const end = keepFresh(() => [root, join(root, id + lockSuffix), path]);
  return {
    id,
    path,
    close: async () => {
      end();
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
      await lock.release();
      // Refused where another instance is in it.
      if (removeRoot) await rmdir(root).catch(() => undefined);
    },
  };
}

async function removeLeftovers(root: string, onLeftover?: (path: string) => Promise<void>): Promise<void> {
  for (const name of await readdir(root)) {
    const path = join(root, name);
    if (name.startsWith(temporaryPrefix)) {
      if (await isOwnerDead(path)) await rm(path, { force: true });
    } else if (name.endsWith(lockSuffix)) {
      if (!(await isOwnerDead(path))) continue;
      const id = name.slice(0, -lockSuffix.length);
      await onLeftover?.(join(root, id));
      await rm(join(root, id), { recursive: true, force: true, maxRetries: 3 });
      await rm(path, { force: true });
    } else if (/^[0-9a-f]{8}$/.test(name) && !(await exists(join(root, name + lockSuffix)))) {
      // A lock is taken before its directory is made and released after it is removed.
      await onLeftover?.(path);
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
