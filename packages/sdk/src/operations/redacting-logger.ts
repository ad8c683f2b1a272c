import { inspect } from "node:util";
import type { Logger } from "../provider/logger.js";
import { redactError, type Redact } from "./redact-errors.js";
import { namesSecret, redactShapes } from "./redact-shapes.js";

/**
 * A logger before another one that takes out what is secret: fields by their names, at any depth, and in all texts web tokens,
 * passwords in URLs and what `redact` knows. What holds no secret is passed on as it is.
 */
export function redactingLogger(logger: Logger, redact: Redact = (text) => text): Logger {
  const clean: Redact = (text) => redactShapes(redact(text));
  const at =
    (level: keyof Logger): Logger["info"] =>
    (fields, text) => {
      const cleaned = Object.entries(fields).map(([name, value]) => [name, redactField(name, value, clean)]);
      logger[level](Object.fromEntries(cleaned) as object, clean(text));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function redactField(name: string, value: unknown, clean: Redact): unknown {
  if (namesSecret(name)) return "[redacted]";
  if (typeof value === "string") return clean(value);
  if (value instanceof Error) return redactError(value, clean);
  if (typeof value !== "object" || value === null) return value;
  const safe = withoutNamedSecrets(value);
  const text = inspect(safe, { depth: 8, maxStringLength: Infinity, maxArrayLength: 1_000 });
  const cleaned = clean(text);
  return cleaned === text ? safe : cleaned;
}

/** The same value where no field of it is named as a secret, at whatever depth; else a copy. */
export function withoutNamedSecrets(value: object, depth = 8): object {
  if (depth === 0 || value instanceof Error) return value;
  const given: [string, unknown][] = Object.entries(value);
  const entries = given.map(([name, field]): [string, unknown] => {
    if (namesSecret(name) && field !== undefined) return [name, "[redacted]"];
    const isObject = typeof field === "object" && field !== null;
    return [name, isObject ? withoutNamedSecrets(field, depth - 1) : field];
  });
  if (entries.every(([, field], index) => field === given[index]?.[1])) return value;
  return Array.isArray(value) ? entries.map(([, field]) => field) : Object.fromEntries(entries);
}
