import { timestampDate } from "@bufbuild/protobuf/wkt";
import { PluginRuntimeLogStream, type PluginRuntimeLogEntry } from "@gestalt-runtime/sdk/protocol";
import { hostLimits, type HostLimits } from "./times.js";

/** Where a line came from; `unspecified` where the provider did not say. */
export type LogStreamName = "stdout" | "stderr" | "runtime" | "unspecified";

/** One line of a session's log, as the host keeps it. */
export interface LogRecord {
  /** The host's own number, from 1 in each session. */
  readonly seq: number;
  /** The provider's number; the host reads nothing into it. */
  readonly sourceSeq: bigint;
  /** Whose words it holds. */
  readonly stream: LogStreamName;
  /** One line, mostly; the host cuts nothing. */
  readonly message: string;
  /** Absent where the provider gave none. */
  readonly observedAt?: Date;
  /** When the host took it. */
  readonly appendedAt: Date;
}

interface SessionLog {
  records: LogRecord[];
  lastSeq: number;
}

/**
 * The host's log of every session, by its exact rules (LOGS-2, LOGS-6): known only once registered, bounded per
 * session and in sessions over all providers, empty messages dropped, never deduplicated.
 */
export class LogStore {
  /** In the order of their use, the least recent first. */
  readonly #sessions = new Map<string, SessionLog>();
  readonly #limits: Pick<HostLimits, "logRecordsPerSession" | "logSessions">;

  constructor(limits: Pick<HostLimits, "logRecordsPerSession" | "logSessions"> = hostLimits) {
    this.#limits = limits;
  }

  /** Makes a session known, with an empty log; what it held before is gone. */
  register(provider: string, sessionId: string): void {
    const key = keyOf(provider, sessionId);
    this.#sessions.delete(key);
    this.#sessions.set(key, { records: [], lastSeq: 0 });
    while (this.#sessions.size > this.#limits.logSessions) {
      const oldest = this.#sessions.keys().next();
      if (oldest.done === true) break;
      this.#sessions.delete(oldest.value);
    }
  }

  /** From now on the session is unknown, its records gone (LOGS-6). */
  forget(provider: string, sessionId: string): void {
    this.#sessions.delete(keyOf(provider, sessionId));
  }

  /** The number of the last record, 0 when nothing was added; `undefined` for a session that is not known. */
  append(provider: string, sessionId: string, entries: readonly PluginRuntimeLogEntry[]): number | undefined {
    const log = this.#use(keyOf(provider, sessionId));
    if (log === undefined) return undefined;
    const appendedAt = new Date();
    let lastSeq = 0;
    for (const entry of entries) {
      if (entry.message === "") continue;
      log.lastSeq += 1;
      lastSeq = log.lastSeq;
      log.records.push({
        seq: lastSeq,
        sourceSeq: entry.sourceSeq,
        stream: streamName(entry.stream),
        message: entry.message,
        ...(entry.observedAt === undefined ? {} : { observedAt: timestampDate(entry.observedAt) }),
        appendedAt,
      });
    }
    const excess = log.records.length - this.#limits.logRecordsPerSession;
    if (excess > 0) log.records.splice(0, excess);
    return lastSeq;
  }

  /** Up to `limit` records numbered above `after`, the oldest first; `undefined` for a session that is not known. */
  read(provider: string, sessionId: string, after: number, limit: number): readonly LogRecord[] | undefined {
    const log = this.#sessions.get(keyOf(provider, sessionId));
    return log?.records.filter((record) => record.seq > after).slice(0, limit);
  }

  /** The newest records, the oldest of them first. */
  tail(provider: string, sessionId: string, count: number): readonly LogRecord[] {
    return this.#sessions.get(keyOf(provider, sessionId))?.records.slice(-count) ?? [];
  }

  #use(key: string): SessionLog | undefined {
    const log = this.#sessions.get(key);
    if (log === undefined) return undefined;
    this.#sessions.delete(key);
    this.#sessions.set(key, log);
    return log;
  }
}

function keyOf(provider: string, sessionId: string): string {
  return `${provider}\0${sessionId}`;
}

function streamName(stream: PluginRuntimeLogStream): LogStreamName {
  switch (stream) {
    case PluginRuntimeLogStream.STDOUT:
      return "stdout";
    case PluginRuntimeLogStream.STDERR:
      return "stderr";
    case PluginRuntimeLogStream.RUNTIME:
      return "runtime";
    default:
      return "unspecified";
  }
}
