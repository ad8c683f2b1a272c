import type { Logger } from "../provider/logger.js";
import type { ActiveCall } from "./call.js";

/** All calls whose method has not settled yet, for the drain and for reports. */
export class CallRegister {
  readonly #calls = new Set<ActiveCall>();
  readonly #reported = new WeakSet<ActiveCall>();
  #timer: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];

  /** @param slowMs a call that is in flight for this many milliseconds is named in the log, once */
  constructor(
    private readonly logger: Logger,
    private readonly slowMs: number,
  ) {}

  get size(): number {
    return this.#calls.size;
  }

  begin(call: ActiveCall): void {
    this.#calls.add(call);
    // One timer for all calls, since most are answered before a timer of their own would be made.
    this.#timer ??= setTimeout(() => this.#look(), this.slowMs).unref();
  }

  end(call: ActiveCall): void {
    call.markAnswered();
    this.#calls.delete(call);
    if (this.#calls.size === 0 && this.#waiting.length > 0) for (const go of this.#waiting.splice(0)) go();
  }

  /** Resolves when no call is in flight. */
  settled(): Promise<void> {
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Aborts the signals of all calls in flight. */
  cutOff(): void {
    for (const call of [...this.#calls]) call.cutOff();
  }

  /** Calls in flight, for example `StartPlugin (12.3 s)`. */
  describe(): string[] {
    return [...this.#calls].map((call) => call.describe());
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    this.#timer = undefined;
    const now = Date.now();
    for (const call of this.#calls) {
      if (this.#reported.has(call)) continue;
      const leftMs = call.startedAtMs + this.slowMs - now;
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.#look(), leftMs).unref();
        return;
      }
      this.#reported.add(call);
      this.logger.warn({}, `${call.describe()} is still in flight; does its promise ever settle?`);
    }
  }
}
