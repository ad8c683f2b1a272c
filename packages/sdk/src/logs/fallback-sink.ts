import type { LogRecord } from "./log-record.js";
import type { RecordCounts, RecordSink } from "./record-sink.js";

/** Where there is no log host (LOGS-5): one line per record, with its session and stream, nothing kept. */
export function fallbackSink(
  sessionId: string,
  write: (line: string) => void,
  counts: RecordCounts,
  onGone: () => void,
): RecordSink {
  return {
    push(record: LogRecord) {
      counts.written++;
      counts.delivered++;
      write(`session ${sessionId} ${record.stream}: ${record.message === "\n" ? "" : record.message}`);
    },
    isFull: false,
    drain: () => Promise.resolve(),
    answered: () => undefined,
    registered: () => undefined,
    flush: () => Promise.resolve(true),
    end: onGone,
  };
}
