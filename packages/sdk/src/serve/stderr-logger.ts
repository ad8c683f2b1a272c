import { inspect } from "node:util";
import { writeStderrLine } from "../logs/stderr-lines.js";
import { redactingLogger } from "../operations/redacting-logger.js";
import { namesSecret, redactShapes } from "../operations/redact-shapes.js";
import type { Logger } from "../provider/logger.js";

const levels = ["debug", "info", "warn", "error"] as const;

/** What the default logger writes, and how. */
export interface StderrLoggerOptions {
  /** The least level that is written. Default `"info"`. */
  readonly level?: (typeof levels)[number];
  /** `"pretty"` is for people, `"json"` has one object a line. Default `"pretty"`. */
  readonly format?: "pretty" | "json";
}

/**
 * The default logger: one line a message on stderr, which reaches the host's own log. It never blocks: while
 * nobody reads, lines wait in a bounded buffer, and past its bound they are dropped and counted (PROC-5).
 *
 * Fields whose names say that they are secret, passwords in URLs and web tokens are written as `[redacted]`.
 */
export function createStderrLogger(options: StderrLoggerOptions = {}): Logger {
  const { level: least = "info", format = "pretty" } = options;
  const formatted = format === "json" ? jsonLine : prettyLine;
  const at = (level: (typeof levels)[number]): Logger["info"] =>
    levels.indexOf(level) < levels.indexOf(least)
      ? () => undefined
      : (fields, text) =>
          writeStderrLine(redactShapes(formatted(new Date().toISOString(), level, fields, text)));
  return redactingLogger({ debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") });
}

function prettyLine(time: string, level: string, fields: object, text: string): string {
  let line = `${time} ${level} ${text}`;
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (namesSecret(key)) line += ` ${key}=[redacted]`;
    else line += value instanceof Error ? `\n${inspect(value)}` : ` ${key}=${formatValue(value)}`;
  }
  return line;
}

function formatValue(value: unknown): string {
  if (typeof value === "string") return /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value);
  return inspect(value, { breakLength: Infinity, depth: 4 });
}

function jsonLine(time: string, level: string, fields: object, text: string): string {
  const line = { ...fields, time, level, msg: text };
  try {
    return JSON.stringify(line, jsonValue);
  } catch {
    // A cycle, or a field that throws: the message is worth more than its fields.
    return JSON.stringify({ time, level, msg: text, fields: "[not JSON]" });
  }
}

function jsonValue(key: string, value: unknown): unknown {
  if (namesSecret(key)) return "[redacted]";
  if (value instanceof Error) return inspect(value);
  return typeof value === "bigint" ? String(value) : value;
}
