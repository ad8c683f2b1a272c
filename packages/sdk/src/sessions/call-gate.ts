import type { RateLimits } from "./limits.js";
import type { Clock } from "./waiting.js";

/** `inner` calls are made by a method that has its place already, and take none. */
const kinds = ["destroy", "inner", "other"] as const;
export type CallKind = (typeof kinds)[number];

/**
 * Makes the calls of a backend wait for their turn: a bucket of tokens for their rate, and places for those
 * under way. `destroy` goes first and has as many places of its own, so that calls that hang can't keep guests
 * from being removed.
 */
export class CallGate {
  readonly #queues: Record<CallKind, (() => void)[]> = { destroy: [], inner: [], other: [] };
  readonly #places: Record<CallKind, number>;
  #tokens: number;
  #refilling = false;
  #isClosing = false;

  constructor(
    private readonly clock: Clock,
    private readonly limits: Required<RateLimits> | undefined,
  ) {
    const parallel = limits?.parallel ?? 0;
    this.#tokens = limits?.burst ?? 0;
    this.#places = { destroy: parallel, inner: Infinity, other: parallel };
  }

  /** Waits for a turn; call what it resolves to when the call is over. Rejects with the signal's reason. */
  async enter(kind: CallKind, signal: AbortSignal): Promise<() => void> {
    if (this.limits === undefined || (this.#isClosing && kind === "destroy")) return () => undefined;
    await this.#turn(this.#queues[kind], signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#places[kind] += 1;
      this.#admit();
    };
  }

  /** The provider ends: removals no longer wait for anything (PROC-6). */
  close(): void {
    this.#isClosing = true;
    for (const admit of this.#queues.destroy.splice(0)) {
      this.#places.destroy -= 1;
      admit();
    }
  }

  #turn(queue: (() => void)[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const admit = (): void => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
      const abort = (): void => {
        queue.splice(queue.indexOf(admit), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", abort, { once: true });
      queue.push(admit);
      this.#admit();
    });
  }

  #admit(): void {
    while (this.#tokens > 0) {
      const kind = kinds.find((name) => this.#queues[name].length > 0 && this.#places[name] > 0);
      if (kind === undefined) return;
      this.#tokens -= 1;
      this.#places[kind] -= 1;
      this.#refill();
      this.#queues[kind].shift()?.();
    }
  }

  #refill(): void {
    const { limits } = this;
    if (limits === undefined || this.#refilling || this.#tokens >= limits.burst) return;
    this.#refilling = true;
    this.clock.setTimeout(() => {
      this.#refilling = false;
      this.#tokens += 1;
      this.#refill();
      this.#admit();
    }, 1000 / limits.perSecond);
  }
}
