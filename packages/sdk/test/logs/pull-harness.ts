import { createLogForwarder, type LogForwarder } from "../../src/logs/log-forwarder.js";
import type { LogPullRead } from "../../src/logs/log-pull.js";
import type { LogPullSink } from "../../src/logs/pull-sink.js";
import type { SessionLog } from "../../src/logs/session-log.js";
import { ManualClock } from "./manual-clock.js";

export interface PullHarness {
  readonly clock: ManualClock;
  readonly logs: LogForwarder;
  readonly log: SessionLog;
  /** The messages of one stream so far. */
  messages(stream: "stdout" | "stderr" | "runtime"): string[];
}

/** A log that takes all at once, on a clock of its own. */
export function pullHarness(): PullHarness {
  const clock = new ManualClock();
  const written: string[] = [];
  const logs = createLogForwarder({ clock, fallback: (line) => written.push(line) });
  return {
    clock,
    logs,
    log: logs.session("s"),
    messages: (stream) =>
      written.flatMap((line) => {
        const start = `session s ${stream}: `;
        return line.startsWith(start) ? [line.slice(start.length)] : [];
      }),
  };
}

export const never = (): Promise<never> => new Promise(() => undefined);

/** One read after the other, as the list says; all after its end find nothing and resolve. */
export function reads(...list: LogPullRead[]): LogPullRead & { readonly cursors: (string | undefined)[] } {
  const cursors: (string | undefined)[] = [];
  const read: LogPullRead = async (cursor, sink, signal) => {
    const next = list[cursors.length];
    cursors.push(cursor);
    await next?.(cursor, sink, signal);
  };
  return Object.assign(read, { cursors });
}

export const text = (sink: LogPullSink, words: string, cursor?: string): Promise<void> =>
  sink.write("stdout", Buffer.from(words), cursor);
