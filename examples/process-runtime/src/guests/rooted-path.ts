import type { Stats } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";

/** As many as the kernel follows in one path. */
const maxLinks = 40;

/** Where a path of a guest lies on this machine. */
export interface RootedPath {
  /** On this machine, below the root. */
  readonly onHost: string;
  /** In the guest: absolute, without links. */
  readonly inGuest: string;
  /** Whether something is there. */
  readonly exists: boolean;
}

/**
 * Follows a guest's path as a process with that root would: a link to `/etc` means the guest's, and `..` ends at the
 * root. What is not there yet is taken literally.
 *
 * Good for trees that nobody changes meanwhile, as those that only this provider writes are.
 *
 * @param followLast whether a link at the path's end is followed
 * @throws Error for links that lead in circles
 */
export async function resolveInRoot(root: string, path: string, followLast = true): Promise<RootedPath> {
  const ahead = partsOf(path);
  const behind: string[] = [];
  let exists = true;
  for (let links = 0, part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === "..") {
      behind.pop();
      continue;
    }
    const here = join(root, ...behind, part);
    const found: Stats | undefined = exists ? await lstat(here).catch(ifMissing) : undefined;
    exists = found !== undefined;
    if (found?.isSymbolicLink() !== true || (ahead.length === 0 && !followLast)) {
      behind.push(part);
      continue;
    }
    links += 1;
    if (links > maxLinks) throw new Error(`${path} leads through more than ${maxLinks} links`);
    const to = await readlink(here);
    if (to.startsWith("/")) behind.length = 0;
    ahead.unshift(...partsOf(to));
  }
  return { onHost: join(root, ...behind), inGuest: `/${behind.join("/")}`, exists };
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}
