import type { LogClock } from "./clock.js";

interface Waiter {
  readonly through: number;
  lossy: boolean;
  unreachable: number;
  settle(delivered: boolean): void;
}

/** The calls that wait until a session's records have arrived, each with its own bound. */
export class FlushWaiters {
  readonly #waiters = new Set<Waiter>();

  constructor(readonly clock: LogClock) {}

  get any(): boolean {
    return this.#waiters.size > 0;
  }

  /** Waits until the record `through` and all before it are settled. */
  wait(through: number, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        through,
        lossy: false,
        unreachable: 0,
        settle: (delivered) => {
          timer.cancel();
          this.#waiters.delete(waiter);
          resolve(delivered);
        },
      };
      // The wait is somebody's answer, so the process is to live for it.
      const timer = this.clock.setTimeout(() => waiter.settle(false), timeoutMs, true);
      this.#waiters.add(waiter);
    });
  }

  /** The host has all records up to this one. */
  delivered(through: number): void {
    for (const waiter of [...this.#waiters]) if (waiter.through <= through) waiter.settle(!waiter.lossy);
  }

  /** Some of what is waited for is lost; the rest may still arrive. */
  noteLoss(): void {
    for (const waiter of this.#waiters) waiter.lossy = true;
  }

  /**
   * Nobody answers at the host's address. Once may be a connection that broke; twice, and to go on waiting
   * would only hold up whoever stops a session after the host has gone (LOGS-4, LOGS-6).
   */
  noteUnreachable(): void {
    for (const waiter of [...this.#waiters]) if (++waiter.unreachable > 1) waiter.settle(false);
  }

  /** There is nothing left to wait for. */
  giveUp(): void {
    for (const waiter of [...this.#waiters]) waiter.settle(false);
  }
}
