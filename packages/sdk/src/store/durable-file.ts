import { constants } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { unfinishedName } from "./names.js";
import { codeOf } from "./store-error.js";

/**
 * Puts `text` at `path`, mode 0600: after a crash the file holds the old text or the new one. That the new one is
 * the one is certain once its folder was synced too.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const unfinished = join(dirname(path), unfinishedName(basename(path)));
  try {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    const file = await open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Makes what was renamed or removed in a folder last; many that ask at the same time share one call. */
export class FolderSync {
  readonly #path: string;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when all that was done in the folder before this call would survive a loss of power. */
  sync(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    // The one that runs may have begun before the caller's change.
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#start();
      });
    return this.#next;
  }

  #start(): Promise<void> {
    const run = syncFolder(this.#path).finally(() => {
      if (this.#running === run) this.#running = undefined;
    });
    this.#running = run;
    return run;
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } catch (error) {
    // Some file systems have no such call for folders.
    if (codeOf(error) !== "EINVAL") throw error;
  } finally {
    await folder.close();
  }
}
