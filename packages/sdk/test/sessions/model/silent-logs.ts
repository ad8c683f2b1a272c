import type { LogForwarder, SessionLog } from "../../../src/logs/index.js";

/** Takes logs and forgets them: the log room has tests of its own, on its own clock. */
export function silentLogs(): LogForwarder {
  const open = new Map<string, SessionLog>();
  return {
    session(sessionId) {
      let log = open.get(sessionId);
      if (log !== undefined) return log;
      log = {
        sessionId,
        write: () => true,
        drain: () => Promise.resolve(),
        consume: () => Promise.resolve(),
        pull: () => Promise.resolve(),
        runtime: () => undefined,
        answered: () => undefined,
        registered: () => undefined,
        flush: () => Promise.resolve(true),
        tail: () => [],
        end: () => void open.delete(sessionId),
      };
      open.set(sessionId, log);
      return log;
    },
    get stats() {
      return { written: 0, delivered: 0, dropped: 0, bufferedBytes: 0, sessions: open.size, calls: 0 };
    },
    close: () => Promise.resolve(),
  };
}
