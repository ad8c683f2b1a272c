import { inspect } from "node:util";

/** A value as a report quotes it: on one line, bounded. */
export function show(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 400 ? `${value.slice(0, 400)}…` : value);
  return inspect(value, {
    depth: 4,
    breakLength: Infinity,
    compact: true,
    maxArrayLength: 20,
    maxStringLength: 400,
    sorted: true,
  });
}
