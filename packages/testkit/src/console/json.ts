import type { ConsoleEvent, Report } from "./events.js";

/** Tells each event as one line of JSON, with its time. */
export function jsonReport(write: (text: string) => void): Report {
  return (event: ConsoleEvent) =>
    write(
      `${JSON.stringify({ time: new Date().toISOString(), ...event }, (_key, value: unknown) =>
        typeof value === "bigint" ? value.toString() : value,
      )}\n`,
    );
}
