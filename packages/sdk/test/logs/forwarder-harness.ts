import { expect } from "vitest";
import { createLogForwarder, type LogForwarder } from "../../src/logs/log-forwarder.js";
import type { LogForwarderOptions } from "../../src/logs/options.js";
import { startLogHost, type TestLogHost } from "./log-host.js";

export interface Harness extends AsyncDisposable {
  readonly host: TestLogHost;
  readonly logs: LogForwarder;
  /** What the forwarder had to report. */
  readonly reports: string[];
}

/** A log host and a forwarder to it. At the end everything is accounted for and closed. */
export async function harness(
  options: LogForwarderOptions = {},
  hostOptions: { keep?: number } = {},
): Promise<Harness> {
  const host = await startLogHost(hostOptions);
  const reports: string[] = [];
  const logs = createLogForwarder({
    target: host.target,
    fallback: (line) => reports.push(line),
    backoffMs: 5,
    maxBackoffMs: 20,
    ...options,
  });
  return {
    host,
    logs,
    reports,
    async [Symbol.asyncDispose]() {
      await logs.close({ timeoutMs: 0 });
      await host[Symbol.asyncDispose]();
      const { written, delivered, dropped, ...rest } = logs.stats;
      expect({ unaccounted: written - delivered - dropped, ...rest }).toEqual({
        unaccounted: 0,
        bufferedBytes: 0,
        sessions: 0,
        calls: 0,
      });
    },
  };
}

/** `from` to `to`, each on its line. */
export const lines = (from: number, to: number): Buffer =>
  Buffer.from(Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}\n`).join(""));

/** Resolves once `condition` holds, looking after each turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
