import { inspect } from "node:util";
import type { Logger } from "../provider/logger.js";

/** Past this many bytes that nobody has read yet, lines are dropped and counted (PROC-5). */
const maxPendingBytes = 1024 * 1024;

/**
 * The default logger: one line a message on stderr, which reaches the host's own log. It never blocks: while
 * nobody reads, lines wait in a bounded buffer, and past its bound they are dropped and counted (PROC-5).
 */
export function createStderrLogger(): Logger {
  let dropped = 0;
  const sayDropped = (): void => {
    process.stderr.write(
      `${new Date().toISOString()} warn ${dropped} log lines were dropped while stderr was not read\n`,
    );
    dropped = 0;
  };
  const write = (level: string, fields: object, text: string): void => {
    const stream = process.stderr;
    if (stream.writableLength > maxPendingBytes) {
      if (dropped === 0) stream.once("drain", sayDropped);
      dropped += 1;
      return;
    }
    stream.write(`${new Date().toISOString()} ${level} ${text}${formatFields(fields)}\n`);
  };
  return {
    debug: () => undefined,
    info: (fields, text) => write("info", fields, text),
    warn: (fields, text) => write("warn", fields, text),
    error: (fields, text) => write("error", fields, text),
  };
}

function formatFields(fields: object): string {
  let line = "";
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    line += value instanceof Error ? `\n${inspect(value)}` : ` ${key}=${formatValue(value)}`;
  }
  return line;
}

function formatValue(value: unknown): string {
  if (typeof value === "string") return /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value);
  return inspect(value, { breakLength: Infinity, depth: 4 });
}
