import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { systemClock, type LogClock } from "./clock.js";

/** How records are forwarded. Everything has a default that suits a host on the same machine. */
export interface LogForwarderOptions {
  /** The log host: `unix:///path`, `tcp://host:port` or `tls://host:port`. Default: none, see {@link fallback}. */
  readonly target?: string;
  /** The token of a relayed log host, sent with every call. */
  readonly token?: string;
  /** The certificates that a `tls://` log host is checked against, as PEM. Default: those of Node.js. */
  readonly rootsPem?: string;
  /**
   * Takes the records when there is no log host (LOGS-5), and what the forwarder itself has to report; one line
   * each, without line ending. Default: the provider's stderr, of which lines are left out (and counted) while
   * nobody reads it.
   */
  readonly fallback?: (line: string) => void;
  /**
   * What happens while a session's or the forwarder's buffer is full (LOGS-4). Default `"block"`.
   *
   * - `"block"`: `write` returns false, and `consume` stops reading, so that the plugin waits in its own write;
   *   nothing is lost while the host is merely slower than the plugin. A host that takes nothing at all for
   *   `blockAtMostMs` counts as down: from then on, until it takes a batch again, records are dropped.
   * - `"drop"`: the plugin never waits; the oldest records are dropped.
   *
   * Either way a record of the runtime says in the session's log how many are missing, and which.
   */
  readonly fullBuffer?: "block" | "drop";
  /** The longest that a plugin waits for a log host that takes nothing. Default 2,000 ms. */
  readonly blockAtMostMs?: number;
  /**
   * Memory for one session's records; twice that for callers that ignore `write`'s answer. Default 1 MiB, about 4,600
   * lines of 100 bytes: the host keeps the last 4,096 of a session.
   */
  readonly sessionBytes?: number;
  /** Memory for the records of all sessions; past it, the largest session loses its oldest. Default 64 MiB. */
  readonly totalBytes?: number;
  /** A longer line becomes several records. Default 16,384; at most 1 MiB, the host's limit is 4 MiB a call. */
  readonly lineBytes?: number;
  /** After this time without a further byte, a line that has not ended is sent as far as it goes. Default about 1,000 ms. */
  readonly partialLineMs?: number;
  /** Records of one call. Default 1,000. */
  readonly batchRecords?: number;
  /** Bytes of one call. Default 256 KiB; at most 2 MiB. */
  readonly batchBytes?: number;
  /** How long a record may wait for others to share its call. Default 50 ms. */
  readonly batchMs?: number;
  /** Calls under way at a time; one session never has more than one. Default 4. */
  readonly maxCalls?: number;
  /** The deadline of each call. Default 5,000 ms. */
  readonly callTimeoutMs?: number;
  /** The first wait after a failed call; it doubles up to `maxBackoffMs`. Default 100 ms. */
  readonly backoffMs?: number;
  /** Default 2,000 ms. */
  readonly maxBackoffMs?: number;
  /**
   * How long a session's records are still held back once its StartSession was answered, when the host makes no
   * call for it (LOGS-2). Default 1,000 ms. {@link SessionLogOptions.holdMs} overrides it.
   */
  readonly holdMs?: number;
  /**
   * How long they are held back when neither `answered` nor `registered` is called and the plugin writes nothing:
   * the longest that a StartSession may take. Default 600,000 ms.
   */
  readonly unansweredMs?: number;
  /** How long a session is tried that the host says it does not know, or that has ended. Default 5,000 ms. */
  readonly unknownSessionMs?: number;
  /** Lines of each stream that `tail` remembers, 16 KiB of them at most. Default 20. */
  readonly tailLines?: number;
  /** For tests. */
  readonly clock?: LogClock;
}

/** What may be said about one session. */
export interface SessionLogOptions {
  /** How long its records are held back after `answered`, unless `registered` comes first. */
  readonly holdMs?: number;
  /**
   * Takes what is secret out of a record before it is kept, sent or shown, the plugin's own output included: a line at a time,
   * so that a secret of several lines is not found as a whole. Default: nothing is taken out.
   */
  readonly redact?: (message: string) => string;
}

export type LogLimits = Required<
  Omit<LogForwarderOptions, "target" | "token" | "rootsPem" | "fallback" | "clock">
> & { readonly clock: LogClock };

const KiB = 1024;
const MiB = 1024 * KiB;

/** Number options: default, smallest, largest. */
const ranges = {
  blockAtMostMs: [2000, 0, 600_000],
  sessionBytes: [MiB, KiB, 1024 * MiB],
  totalBytes: [64 * MiB, KiB, 16 * 1024 * MiB],
  lineBytes: [16 * KiB, 4, MiB],
  partialLineMs: [1000, 1, 600_000],
  batchRecords: [1000, 1, 100_000],
  batchBytes: [256 * KiB, 1, 2 * MiB],
  batchMs: [50, 0, 60_000],
  maxCalls: [4, 1, 100],
  callTimeoutMs: [5000, 1, 600_000],
  backoffMs: [100, 1, 600_000],
  maxBackoffMs: [2000, 1, 600_000],
  holdMs: [1000, 0, 86_400_000],
  unansweredMs: [600_000, 0, 86_400_000],
  unknownSessionMs: [5000, 0, 600_000],
  tailLines: [20, 0, 1000],
} as const;

/** Puts the defaults in. @throws {@link RuntimeProviderError} INVALID_ARGUMENT for a value out of its range */
export function logLimits(options: LogForwarderOptions): LogLimits {
  const numbers = Object.entries(ranges).map(([name, [fallback, min, max]]) => {
    const value = options[name as keyof typeof ranges] ?? fallback;
    if (!Number.isInteger(value) || value < min || value > max)
      throw fault(name, value, `write a whole number from ${min} to ${max}, or leave it out for ${fallback}`);
    return [name, value];
  });
  const fullBuffer: unknown = options.fullBuffer ?? "block";
  if (fullBuffer !== "block" && fullBuffer !== "drop")
    throw fault("fullBuffer", fullBuffer, 'write "block" or "drop"');
  return {
    ...(Object.fromEntries(numbers) as Record<keyof typeof ranges, number>),
    fullBuffer,
    clock: options.clock ?? systemClock,
  };
}

function fault(name: string, value: unknown, mend: string): RuntimeProviderError {
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return new RuntimeProviderError("INVALID_ARGUMENT", `logs.${name} is ${text}; ${mend}`);
}
