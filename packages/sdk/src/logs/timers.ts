import type { LogClock, LogTimer } from "./clock.js";

/** One thing's timers by name, at most one of each. */
export class Timers<Name extends string> {
  readonly #timers = new Map<Name, LogTimer>();

  constructor(readonly clock: LogClock) {}

  isSet(name: Name): boolean {
    return this.#timers.has(name);
  }

  /** Runs `run` after `delayMs`, unless such a timer is set already: then that one counts. */
  start(name: Name, delayMs: number, run: () => void): void {
    if (this.#timers.has(name)) return;
    const due = (): void => {
      this.#timers.delete(name);
      run();
    };
    this.#timers.set(name, this.clock.setTimeout(due, delayMs));
  }

  cancel(name: Name): void {
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
  }

  cancelAll(): void {
    for (const name of this.#timers.keys()) this.cancel(name);
  }
}
