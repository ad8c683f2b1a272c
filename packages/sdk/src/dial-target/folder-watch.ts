import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

/** Who makes and removes a file again and again is not looked at each time. */
const mostChanges = 50;

/**
 * Tells when a file may have appeared, so that nobody has to look for it all the time. Where its folder can't be
 * watched (it is not there yet, the system has no watches left) it tells nothing: whoever waits has to look now and then.
 */
export class FolderWatch {
  readonly #folder: string;
  readonly #name: string;
  #watcher: FSWatcher | undefined;
  #changes = 0;

  /** @param onChange called each time the file may have appeared, or gone */
  constructor(
    path: string,
    private readonly onChange: () => void,
  ) {
    this.#folder = dirname(path);
    this.#name = basename(path);
  }

  /** Begins to watch, if it can by now. What changed before is not told: look once after it. */
  begin(): void {
    if (this.#watcher !== undefined || this.#changes > mostChanges) return;
    try {
      const watcher = watch(this.#folder, { persistent: false });
      watcher.on("change", (_, name) => this.#note(name));
      watcher.on("error", () => this.close());
      this.#watcher = watcher;
    } catch {
      // Perhaps next time.
    }
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #note(name: string | Buffer | null): void {
    if (name !== null && name.toString() !== this.#name) return;
    this.#changes += 1;
    if (this.#changes > mostChanges) this.close();
    this.onChange();
  }
}
