import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/** What a bounded piece of work is given. */
export interface Bounded {
  readonly signal: AbortSignal;
  readonly deadline: Date;
}

/**
 * Runs `work` with a signal that aborts after `timeoutMs` or when `outer` does, and rejects then, whether the
 * work minds its signal or not. What it yields after that goes
 * to `late`, which is called without a value where it failed: a failed call may have made something all the same.
 *
 * @throws {@link RuntimeProviderError} DEADLINE_EXCEEDED naming `what`, or the outer signal's reason
 */
export function bounded<T>(
  what: string,
  timeoutMs: number,
  outer: AbortSignal,
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
    const abort = (): void => giveUp(outer.reason);
    const timer = setTimeout(
      () =>
        giveUp(new RuntimeProviderError("DEADLINE_EXCEEDED", `${what} did not end within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const finish = (): void => {
      over = true;
      clearTimeout(timer);
      outer.removeEventListener("abort", abort);
    };
    if (outer.aborted) {
      abort();
      return;
    }
    outer.addEventListener("abort", abort, { once: true });
    const settle = (act: () => void): void => {
      if (over) return;
      finish();
      act();
    };
    Promise.resolve()
      .then(() => work({ signal: controller.signal, deadline: new Date(Date.now() + timeoutMs) }))
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

/** Waits for a promise, `timeoutMs` at most; true when it settled in time. Never rejects. */
export async function settledWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const settled = promise.then(
    () => true as const,
    () => true as const,
  );
  const inTime = await Promise.race([settled, timeout]);
  clearTimeout(timer);
  return inTime;
}

/** A timer that does not keep the process alive. */
export function after(ms: number, act: () => void): NodeJS.Timeout {
  // setTimeout holds 2^31 - 1 ms at most, about 24.8 days; past that it would fire at once.
  return setTimeout(act, Math.min(ms, 2 ** 31 - 1)).unref();
}
