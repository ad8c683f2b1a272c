import { parseDialTarget } from "../dial-target/dial-target.js";
import { BufferBudget } from "./buffer-budget.js";
import { Dispatcher } from "./dispatcher.js";
import { fallbackSink } from "./fallback-sink.js";
import { grpcLogTransport } from "./log-transport.js";
import { logLimits, type LogForwarderOptions, type SessionLogOptions } from "./options.js";
import { Outbox } from "./outbox.js";
import type { RecordCounts, RecordSink } from "./record-sink.js";
import { RecordingSessionLog } from "./recording-session-log.js";
import type { SessionLog } from "./session-log.js";
import { writeStderrLine } from "./stderr-lines.js";

/** What the forwarder has done so far, in records, over all sessions. */
export interface LogForwarderStats {
  /** All records, announcements of losses not counted: `delivered`, `dropped`, and those that still wait. */
  readonly written: number;
  /** Taken by the log host, or written to the fallback. A call whose answer got lost is sent again (LOGS-2). */
  readonly delivered: number;
  /** Lost for want of room, or because the log host would not take them; the log itself says where (LOGS-4). */
  readonly dropped: number;
  /** Bytes that wait, as the limits count them. */
  readonly bufferedBytes: number;
  /** Sessions that have not ended, or have records left to send. */
  readonly sessions: number;
  /** AppendLogs calls under way. */
  readonly calls: number;
}

/** Carries the logs of all sessions to the host's PluginRuntimeLogHost. */
export interface LogForwarder {
  /** The log of one session: the same object for the same id, until it has ended and all is sent. */
  session(sessionId: string, options?: SessionLogOptions): SessionLog;
  /** Counted now. */
  readonly stats: LogForwarderStats;
  /**
   * Ends all sessions' logs, tries for `timeoutMs` (default 250) to send what is left, and closes the
   * connection. It does not wait for a host that can't be reached: the log host is gone before a provider is
   * told to end (LOGS-6). What is left then is reported to the fallback. Closing again joins the first.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

/**
 * The client of the host's log service: keeps order, batches, bounds memory, and never makes its caller wait.
 *
 * Delivery is at least once: a batch whose answer is lost is sent again under the same numbers.
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT for a target or a limit that can't be
 */
export function createLogForwarder(options: LogForwarderOptions = {}): LogForwarder {
  const limits = logLimits(options);
  const target = options.target === undefined ? undefined : parseDialTarget(options.target, "logs.target");
  const report = unfailing(options.fallback ?? writeStderrLine);
  const counts: RecordCounts = { written: 0, delivered: 0, dropped: 0 };
  const budget = new BufferBudget(limits.totalBytes);
  const sessions = new Map<string, RecordingSessionLog>();
  const { token, rootsPem } = options;
  const dispatcher =
    target && new Dispatcher(grpcLogTransport({ ...limits, target, token, rootsPem }), limits);
  let closed: Promise<void> | undefined;

  function sinkFor(sessionId: string, holdMs: number): RecordSink {
    const onGone = (): void => void sessions.delete(sessionId);
    if (dispatcher === undefined) return fallbackSink(sessionId, report, counts, onGone);
    const outbox = new Outbox(sessionId, { limits, counts, budget, dispatcher, report, onGone }, holdMs);
    if (closed !== undefined) outbox.close();
    return outbox;
  }

  async function close(timeoutMs: number): Promise<void> {
    const flushed = [...sessions.values()].map((session) => {
      session.registered();
      session.end();
      return session.flush(timeoutMs);
    });
    await Promise.all(flushed);
    const before = counts.dropped;
    for (const outbox of budget.outboxes) outbox.close();
    await dispatcher?.close();
    const left = counts.dropped - before;
    if (left > 0)
      report(`${left} log records dropped: the log host did not take them before the provider ended`);
  }

  return {
    session(sessionId, { holdMs = limits.holdMs, redact } = {}) {
      let session = sessions.get(sessionId);
      if (session === undefined) {
        session = new RecordingSessionLog(sessionId, limits, sinkFor(sessionId, holdMs), redact);
        if (closed === undefined) sessions.set(sessionId, session);
      }
      return session;
    },
    get stats() {
      return {
        ...counts,
        bufferedBytes: budget.used,
        sessions: sessions.size,
        calls: dispatcher?.calls ?? 0,
      };
    },
    close: ({ timeoutMs = 250 } = {}) => (closed ??= close(timeoutMs)),
  };
}

/** A log must not fail its caller, whatever an author's function does. */
function unfailing(write: (line: string) => void): (line: string) => void {
  return (line) => {
    try {
      write(line);
    } catch {
      // There is nowhere left to say it.
    }
  };
}
