import type { LogRecord } from "./log-record.js";

/** Where one session's records go: to the log host, or to the fallback. No method ever waits or throws. */
export interface RecordSink {
  push(record: LogRecord): void;
  /** True while the caller is asked to wait for {@link drain}. */
  readonly isFull: boolean;
  drain(): Promise<void>;
  /** StartSession was answered: the host will know the session in a moment. */
  answered(): void;
  /** The host knows the session. */
  registered(): void;
  /** Resolves with true when all that was pushed before has arrived, with false when that is not to be. */
  flush(timeoutMs: number): Promise<boolean>;
  /** No more will be pushed. */
  end(): void;
}

/** Records, counted once each. `written` = `delivered` + `dropped` + those that wait. */
export interface RecordCounts {
  written: number;
  delivered: number;
  dropped: number;
}
