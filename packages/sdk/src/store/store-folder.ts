import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { bootMark, isOnSharedFileSystem } from "../state-directory/boot.js";
import { temporaryPrefix } from "../state-directory/claim.js";
import { askLock, isOwnerDead, type LockState } from "../state-directory/lock.js";
import { folderName, instanceOf, isInstance, lockName, recordFileName } from "./names.js";

/** The directory that the instances of a store share, as one of them sees it. */
export class StoreFolder {
  readonly path: string;
  readonly #canJudge: (instance: string) => boolean;

  private constructor(path: string, canJudge: (instance: string) => boolean) {
    this.path = path;
    this.#canJudge = canJudge;
  }

  static async at(path: string): Promise<StoreFolder> {
    const shared = await isOnSharedFileSystem(path);
    const mark = await bootMark();
    return new StoreFolder(path, (instance) => !shared || instance.startsWith(mark));
  }

  folderOf(instance: string): string {
    return join(this.path, folderName(instance));
  }

  lockOf(instance: string): string {
    return join(this.path, lockName(instance));
  }

  /** The instances that have a folder or a lock here. */
  async instances(): Promise<Set<string>> {
    const names = await readdir(this.path);
    return new Set(names.map(instanceOf).filter((instance) => instance !== undefined));
  }

  /** Removes what instances that died while they began have bound and never used as a lock. */
  async removeUnused(): Promise<void> {
    for (const name of await readdir(this.path)) {
      const path = join(this.path, name);
      if (name.startsWith(temporaryPrefix) && isInstance(name.slice(1)) && (await isOwnerDead(path)))
        await rm(path, { force: true });
    }
  }

  /** What the instance's lock says; a refusal proves nothing about an instance of another machine. */
  async lockState(instance: string): Promise<LockState> {
    const state = await askLock(this.lockOf(instance));
    return state === "dead" && !this.#canJudge(instance) ? "unknown" : state;
  }

  /** Whether an instance, dead or alive, has a file of the session. */
  async hasRecord(sessionId: string): Promise<boolean> {
    const file = recordFileName(sessionId);
    const scan = async (): Promise<boolean> => {
      for (const instance of await this.instances()) {
        if (await exists(join(this.folderOf(instance), file))) return true;
      }
      return false;
    };
    // One that is taken over meanwhile may move from a folder that was not read yet to one that was.
    return (await scan()) || (await scan());
  }
}

export function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
