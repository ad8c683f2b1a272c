/** The time that the log forwarder lives by; tests and simulations may bring their own. */
export interface LogClock {
  /** Milliseconds since 1970: what a record says that it was observed at. Never used to measure a delay. */
  now(): number;
  /**
   * Runs `run` once after `delayMs`. The process may end before that, unless `keepsProcess` is true.
   * Cancelling twice, or after the run, does nothing.
   */
  setTimeout(run: () => void, delayMs: number, keepsProcess?: boolean): LogTimer;
}

/** A run that was asked for. */
export interface LogTimer {
  /** Takes it back; does nothing once it has run. */
  cancel(): void;
}

/** The clock of this machine. */
export const systemClock: LogClock = {
  now: () => Date.now(),
  setTimeout(run, delayMs, keepsProcess = false) {
    const timer = setTimeout(run, delayMs);
    if (!keepsProcess) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
