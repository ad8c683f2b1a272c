const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
type EndSignal = keyof typeof numbers;

/**
 * The ladder of somebody who wants out: the first signal stops cleanly, the second forces. The process's own
 * handlers are gone once it is disposed of.
 */
export class Interrupts implements Disposable {
  #signal: EndSignal | undefined;
  readonly #handlers: readonly (readonly [EndSignal, () => void])[];

  /**
   * @param onStop the first time
   * @param onForce every other time
   */
  constructor(
    private readonly onStop: () => void,
    private readonly onForce: () => void,
  ) {
    this.#handlers = (Object.keys(numbers) as EndSignal[]).map((signal) => [
      signal,
      () => this.interrupt(signal),
    ]);
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
  }

  /** As if the signal had come: a terminal in raw mode sends a character in its place. */
  interrupt(signal: EndSignal): void {
    if (this.#signal === undefined) {
      this.#signal = signal;
      this.onStop();
    } else this.onForce();
  }

  /** What a shell expects of a program that a signal has ended: 130 after Ctrl-C; undefined without one. */
  get exitCode(): 129 | 130 | 143 | undefined {
    return this.#signal === undefined ? undefined : ((128 + numbers[this.#signal]) as 129 | 130 | 143);
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }
}
