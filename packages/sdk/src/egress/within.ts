/**
 * A promise's result within a time; past it what `late` makes is thrown. What comes after that, or after an abort, is nobody's:
 * `discard` gets it.
 */
export function within<Value>(
  promise: Promise<Value>,
  timeoutMs: number,
  late: () => Error,
  signal: AbortSignal,
  discard: (value: Value) => void = () => undefined,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    let waiting = true;
    const settle = (run: () => void): void => {
      waiting = false;
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      run();
    };
    const aborted = (): void => settle(() => reject(signal.reason as Error));
    const timer = setTimeout(() => settle(() => reject(late())), timeoutMs);
    promise.then(
      (value) => (waiting ? settle(() => resolve(value)) : discard(value)),
      (error: unknown) => {
        if (waiting) settle(() => reject(error));
      },
    );
    if (signal.aborted) aborted();
    else signal.addEventListener("abort", aborted, { once: true });
  });
}
