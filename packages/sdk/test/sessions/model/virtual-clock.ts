import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock, Timer } from "../../../src/sessions/waiting.js";

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still but for `advance`, which runs all timers that fall due, in their order. */
export class VirtualClock implements Clock {
  #nowMs = Date.UTC(2026, 0, 1);
  #order = 0;
  readonly #entries = new Set<Entry>();

  /** Timers that still wait. */
  get waiting(): number {
    return this.#entries.size;
  }

  now(): number {
    return this.#nowMs;
  }

  setTimeout(run: () => void, delayMs: number): Timer {
    const entry = { atMs: this.#nowMs + Math.max(0, delayMs), order: (this.#order += 1), run };
    this.#entries.add(entry);
    return { cancel: () => void this.#entries.delete(entry) };
  }

  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => this.setTimeout(resolve, ms));
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await this.settle();
      const next = this.#next(untilMs);
      if (next === undefined) break;
      this.#entries.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = untilMs;
  }

  /** Lets promises run as far as they get without time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 2; turn += 1) await nextTurn();
  }

  #next(untilMs: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.atMs > untilMs) continue;
      if (
        first === undefined ||
        entry.atMs < first.atMs ||
        (entry.atMs === first.atMs && entry.order < first.order)
      )
        first = entry;
    }
    return first;
  }
}
