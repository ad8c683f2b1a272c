/** Whose words a record holds: the plugin's (`stdout`, `stderr`), or the runtime's own (`runtime`). */
export type LogStream = "stdout" | "stderr" | "runtime";

/** One entry of a session's log, as the host will keep it. */
export interface LogRecord {
  /** The session's own number, from 1, over all streams (LOGS-1). */
  readonly sequence: number;
  readonly stream: LogStream;
  /** Well-formed, never empty, without its line ending; a blank line is `"\n"` (LOGS-2). */
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly observedAtMs: number;
  /** What the record counts for against every limit, in bytes. */
  readonly cost: number;
  /**
   * 0 for an ordinary record. Otherwise this is an announcement: it stands for that many lost ones, the last
   * of which had this record's number (LOGS-4).
   */
  readonly dropped: number;
}

/** What a record costs beside its text: the object, its string's header, its place in a queue. */
const overheadBytes = 128;

export function logRecord(
  sequence: number,
  stream: LogStream,
  message: string,
  observedAtMs: number,
): LogRecord {
  const cost = Buffer.byteLength(message) + overheadBytes;
  return { sequence, stream, message, observedAtMs, cost, dropped: 0 };
}

/** The record that takes the place of the lost ones from `first` to `last`. */
export function dropAnnouncement(
  first: number,
  last: number,
  reason: string,
  observedAtMs: number,
): LogRecord {
  const dropped = last - first + 1;
  const which = dropped === 1 ? `source_seq ${first}` : `source_seq ${first} to ${last}`;
  const message = `${dropped} ${dropped === 1 ? "record" : "records"} dropped (${which}): ${reason}`;
  return { ...logRecord(last, "runtime", message, observedAtMs), dropped };
}
