import type { LogTimer } from "./clock.js";
import type { LogLimits } from "./options.js";

/**
 * Where a session's writers wait for room in a full buffer, and how long: a host that takes nothing at all for
 * `blockAtMostMs` counts as down, and nobody waits for it until it takes something again.
 */
export class RoomGate {
  readonly #waiters: (() => void)[] = [];
  #hostIsDown = false;
  #timer: LogTimer | undefined;

  constructor(
    readonly limits: LogLimits,
    readonly onHostDown: () => void,
  ) {}

  /** False when a full buffer drops instead of making writers wait. */
  get blocks(): boolean {
    return this.limits.fullBuffer === "block" && !this.#hostIsDown;
  }

  wait(): Promise<void> {
    this.#timer ??= this.#startTimer();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** The host has taken a batch of this session. */
  noteProgress(): void {
    this.#hostIsDown = false;
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = this.#startTimer();
  }

  /** Lets all writers go on. */
  open(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** Waits in two halves: a stall of this process uses up one, and in the other the host's answers are heard. */
  #startTimer(half: 1 | 2 = 1): LogTimer {
    const next = (): void => {
      if (half === 1) this.#timer = this.#startTimer(2);
      else {
        this.#hostIsDown = true;
        this.onHostDown();
      }
    };
    return this.limits.clock.setTimeout(next, this.limits.blockAtMostMs / 2);
  }
}
