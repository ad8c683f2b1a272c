import { inspect } from "node:util";
import { writeStderrLine } from "../logs/stderr-lines.js";
import type { Logger } from "../provider/logger.js";

/**
 * The default logger: one line a message on stderr, which reaches the host's own log. It never blocks: while
 * nobody reads, lines wait in a bounded buffer, and past its bound they are dropped and counted (PROC-5).
 */
export function createStderrLogger(): Logger {
  const write = (level: string, fields: object, text: string): void =>
    writeStderrLine(`${new Date().toISOString()} ${level} ${text}${formatFields(fields)}`);
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
