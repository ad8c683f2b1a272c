import type { LogTimer } from "./clock.js";
import type { LogTransport } from "./log-transport.js";
import type { LogLimits } from "./options.js";
import type { Outbox } from "./outbox.js";

/**
 * Decides whose batch goes next: in turns, a bounded number of calls at a time, one per session, those first
 * whom a call of the control plane waits for. While nobody answers at the log host's address, one call at a
 * time asks whether that is still so.
 */
export class Dispatcher {
  readonly #urgent = new Set<Outbox>();
  readonly #ready = new Set<Outbox>();
  readonly #calls = new Set<Promise<void>>();
  #failures = 0;
  #pause: LogTimer | undefined;
  #closed = false;

  constructor(
    readonly transport: LogTransport,
    readonly limits: LogLimits,
  ) {}

  /** Calls under way. */
  get calls(): number {
    return this.#calls.size;
  }

  /** The session has a batch to send. It gets its turn once, however often it is offered. */
  offer(outbox: Outbox, urgent: boolean): void {
    if (urgent) {
      this.#ready.delete(outbox);
      this.#urgent.add(outbox);
    } else if (!this.#urgent.has(outbox)) this.#ready.add(outbox);
    this.#next();
  }

  withdraw(outbox: Outbox): void {
    this.#urgent.delete(outbox);
    this.#ready.delete(outbox);
  }

  /** Tries an unreachable host at once: someone waits for the answer. */
  resume(): void {
    this.#failures = Math.min(this.#failures, 1);
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#next();
  }

  /** Ends the calls under way and the connection. Resolves when the last call has told its outcome. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#urgent.clear();
    this.#ready.clear();
    this.#pause?.cancel();
    this.transport.close();
    await Promise.all(this.#calls);
  }

  #next(): void {
    const { maxCalls } = this.limits;
    while (
      !this.#closed &&
      this.#pause === undefined &&
      this.#calls.size < (this.#failures > 0 ? 1 : maxCalls)
    ) {
      const [outbox] = this.#urgent.size > 0 ? this.#urgent : this.#ready;
      if (outbox === undefined) return;
      this.withdraw(outbox);
      const call = this.#deliver(outbox).finally(() => {
        this.#calls.delete(call);
        this.#next();
      });
      this.#calls.add(call);
    }
  }

  async #deliver(outbox: Outbox): Promise<void> {
    const batch = outbox.nextBatch();
    if (batch === undefined) return;
    const outcome = await this.transport.append(outbox.sessionId, batch);
    if (outcome.type === "unreachable") this.#unreachable();
    else this.#failures = 0;
    outbox.settle(outcome);
  }

  #unreachable(): void {
    for (const waiting of this.#urgent) waiting.noteUnreachable();
    if (this.#pause !== undefined || this.#closed) return;
    this.#failures++;
    const again = (): void => {
      this.#pause = undefined;
      this.#next();
    };
    this.#pause = this.limits.clock.setTimeout(again, backoffMs(this.#failures, this.limits));
  }
}

/** The wait before the next attempt, after so many failed ones. */
export function backoffMs(failures: number, limits: LogLimits): number {
  return Math.min(limits.backoffMs * 2 ** Math.min(failures - 1, 20), limits.maxBackoffMs);
}
