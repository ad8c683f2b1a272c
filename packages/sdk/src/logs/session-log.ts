import type { Readable } from "node:stream";
import type { LogPullRead } from "./log-pull.js";
import type { LogStream } from "./log-record.js";
import type { LogPullOptions } from "./pull-options.js";

/** One session's log. Nothing here waits for the log host but `drain` and `flush`, and nothing throws (LOGS-4). */
export interface SessionLog {
  /** The session whose log it is. */
  readonly sessionId: string;
  /**
   * Takes bytes of the plugin, cut anywhere; complete lines become records at once.
   *
   * @returns false when the buffer is full and `fullBuffer` is `"block"`: write on after {@link drain}
   */
  write(stream: "stdout" | "stderr", bytes: Uint8Array): boolean;
  /** Resolves when there is room again, or when the log host counts as down. */
  drain(): Promise<void>;
  /**
   * Forwards a stream to its end, at the pace that `fullBuffer` says, and then what is left of its last line.
   * Never rejects: a stream that can't be read to its end is reported in the log.
   */
  consume(stream: "stdout" | "stderr", readable: AsyncIterable<unknown> | Readable): Promise<void>;
  /**
   * Forwards output that has to be fetched: calls `read` again and again, each time from the last cursor whose
   * bytes were taken, until `signal` aborts (after which one last read follows) or the log ends. However
   * often a read breaks, and wherever, lines are neither lost nor repeated.
   *
   * A read that fails is reported in the log and made again; the pull itself rejects only with INVALID_ARGUMENT,
   * for an option that can't be.
   */
  pull(read: LogPullRead, options?: LogPullOptions): Promise<void>;
  /** The runtime's own message, for example why the session failed; each of its lines is a record. */
  runtime(message: string): void;
  /**
   * StartSession was answered, so that the host will know the session in a moment: from now on `holdMs` counts.
   * The plugin's first output says the same. Idle after the first time (LOGS-2).
   */
  answered(): void;
  /**
   * The host knows the session: call it when any call of the host for this session comes in after StartSession
   * was answered. Cheap, and idle after the first time (LOGS-2).
   */
  registered(): void;
  /**
   * Sends all that was written up to now, partial lines included, before other sessions' records. Call it before
   * a failed StartPlugin and before StopSession are answered (LOGS-3, LOGS-6).
   *
   * @param timeoutMs the longest that it takes; less when the log host can't be reached or the session is unknown
   * @returns whether all of it has arrived
   */
  flush(timeoutMs: number): Promise<boolean>;
  /** The last lines of a stream, oldest first, for an error's text (PLUG-6). */
  tail(stream: LogStream, lines: number): string[];
  /** Nothing more will be written. What is left is still sent, for some seconds; then the session is forgotten. */
  end(): void;
}
