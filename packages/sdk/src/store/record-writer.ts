import { rm } from "node:fs/promises";
import { join } from "node:path";
import { FolderSync, replaceFile } from "./durable-file.js";
import { storeError } from "./store-error.js";

/** The text to write, or undefined to remove the file. */
type Change = string | undefined;

interface Waiting {
  change: Change;
  readonly done: Promise<void>;
  readonly settle: (run: Promise<void>) => void;
}

/** Node.js has four threads for files and look-ups of names: a disk that hangs must not take all of them. */
const maxParallelFiles = 2;

/**
 * Writes files of one folder: those of one session in order, the last of several that wait counting for all;
 * those of several sessions side by side.
 */
export class RecordWriter {
  readonly #folder: string;
  readonly #sync: FolderSync;
  /** By file name; there while the file is being written. */
  readonly #waiting = new Map<string, Waiting | undefined>();
  readonly #runs = new Set<Promise<void>>();
  readonly #turns: (() => void)[] = [];
  #free = maxParallelFiles;

  constructor(folder: string) {
    this.#folder = folder;
    this.#sync = new FolderSync(folder);
  }

  /** Resolves when this change to the file, or a later one, would survive a crash. */
  submit(name: string, change: Change): Promise<void> {
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined) {
      waiting.change = change;
      return waiting.done;
    }
    const next = newWaiting(change);
    const runs = this.#waiting.has(name);
    this.#waiting.set(name, next);
    if (!runs) this.#start(name);
    return next.done;
  }

  /** Resolves when nothing is being written any more. */
  async idle(): Promise<void> {
    while (this.#runs.size > 0) await Promise.all(this.#runs);
  }

  #start(name: string): void {
    const run = this.#run(name).finally(() => this.#runs.delete(run));
    this.#runs.add(run);
  }

  async #run(name: string): Promise<void> {
    while (this.#waiting.get(name) !== undefined) {
      await this.#turn();
      // Only now: what came while this waited counts instead.
      const next = this.#waiting.get(name);
      this.#waiting.set(name, undefined);
      const apply = this.#apply(name, next?.change);
      next?.settle(apply);
      await apply.catch(() => undefined);
    }
    this.#waiting.delete(name);
  }

  async #apply(name: string, change: Change): Promise<void> {
    const path = join(this.#folder, name);
    try {
      try {
        if (change === undefined) await rm(path, { force: true });
        else await replaceFile(path, change);
      } finally {
        this.#endTurn();
      }
      await this.#sync.sync();
    } catch (error) {
      throw storeError(
        error,
        change === undefined ? "remove the session's record" : "write the session's record",
        path,
      );
    }
  }

  async #turn(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#turns.push(resolve));
  }

  #endTurn(): void {
    const next = this.#turns.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

function newWaiting(change: Change): Waiting {
  let settle!: (run: Promise<void>) => void;
  const done = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { change, done, settle };
}
