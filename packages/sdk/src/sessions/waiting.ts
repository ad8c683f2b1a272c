import { setMaxListeners } from "node:events";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { LogClock, LogTimer } from "../logs/index.js";

/** The time that sessions live by. */
export type Clock = LogClock;
export type Timer = LogTimer;

/** What a bounded piece of work is given. */
export interface Bounded {
  readonly signal: AbortSignal;
  readonly deadline: Date;
}

export interface Bounds {
  readonly clock: Clock;
  /** What is waited for, as an error says it. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs `work` with a signal that aborts after `timeoutMs` or when the outer one does, and rejects then, whether
 * the work minds its signal or not. What it yields after that goes to `late`, which is called without a value
 * where it failed: a failed call may have made something all the same.
 *
 * @throws {@link RuntimeProviderError} DEADLINE_EXCEEDED naming `what`, or the outer signal's reason
 */
export function bounded<T>(
  { clock, what, timeoutMs, signal: outer }: Bounds,
  work: (bounds: Bounded) => Promise<T>,
  late?: (value?: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    let over = false;
    const giveUp = (reason: unknown): void => {
      if (over) return;
      finish();
      controller.abort(reason);
      reject(reason);
    };
    const abort = (): void => giveUp(outer?.reason);
    const timer = after(clock, timeoutMs, () =>
      giveUp(new RuntimeProviderError("DEADLINE_EXCEEDED", `${what} did not end within ${timeoutMs} ms`)),
    );
    const finish = (): void => {
      over = true;
      timer.cancel();
      outer?.removeEventListener("abort", abort);
    };
    if (outer?.aborted === true) {
      abort();
      return;
    }
    outer?.addEventListener("abort", abort, { once: true });
    const settle = (act: () => void): void => {
      if (over) return;
      finish();
      act();
    };
    Promise.resolve()
      .then(() => work({ signal: controller.signal, deadline: new Date(clock.now() + timeoutMs) }))
      .then(
        (value) => {
          if (over) late?.(value);
          settle(() => resolve(value));
        },
        (error: unknown) => {
          if (over) late?.();
          settle(() => reject(error));
        },
      );
  });
}

/** A controller that any number of waits may hang on: each session, each removal has some. */
export function sharedController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Waits for a promise, `timeoutMs` at most; true when it settled in time. Never rejects. */
export function settledWithin(clock: Clock, promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(() => resolve(false), timeoutMs, true);
    const settled = (): void => {
      timer.cancel();
      resolve(true);
    };
    promise.then(settled, settled);
  });
}

/** A timer that does not keep the process alive. */
export function after(clock: Clock, ms: number, act: () => void): Timer {
  // setTimeout holds 2^31 - 1 ms at most, about 24.8 days; past that it would fire at once.
  const longest = 2 ** 31 - 1;
  if (ms <= longest) return clock.setTimeout(act, ms);
  let timer = clock.setTimeout(() => (timer = after(clock, ms - longest, act)), longest);
  return { cancel: () => timer.cancel() };
}

/** Pauses; ends early, and rejects with the signal's reason, when it aborts. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const abort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = after(clock, ms, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** Asked anew each time: the compiler believes that a signal stays as it was. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
