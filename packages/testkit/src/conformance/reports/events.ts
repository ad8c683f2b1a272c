import type { HostEventRecord } from "../../host/trace.js";
import type { EventReport } from "./report.js";
import type { StableNames } from "./stable-names.js";

const maxEvents = 200;

/** What happened beside the host's calls, without what a log tells already; equal ones in a row are one. */
export function eventReports(
  events: readonly HostEventRecord[],
  first: number,
  names: StableNames,
): EventReport[] {
  const reports: EventReport[] = [];
  for (const event of events) {
    const text = textOf(event);
    if (text === undefined) continue;
    const { type, name, instance, atMs } = event;
    const report = { type, name, instance, atMs: atMs - first, text: names.text(text), times: 1 };
    const before = reports.at(-1);
    if (before !== undefined && isSame(before, report))
      reports[reports.length - 1] = { ...before, times: before.times + 1 };
    else reports.push(report);
  }
  return reports.slice(-maxEvents);
}

function isSame(a: EventReport, b: EventReport): boolean {
  return a.type === b.type && a.name === b.name && a.instance === b.instance && a.text === b.text;
}

function textOf(event: HostEventRecord): string | undefined {
  switch (event.type) {
    case "spawned":
      return "starts it";
    case "attached":
      return "attaches";
    case "ready":
      return "serves gRPC";
    case "signal":
      return event.signal;
    case "exited":
      return event.signal === null ? `exit code ${event.code ?? "unknown"}` : `ended by ${event.signal}`;
    case "host-service":
    case "relayed-call":
      return `${event.method} ${event.code}`;
    case "egress-request":
      return `${event.method} ${event.target} ${event.status}`;
    case "log-refused":
      return `log refused: ${event.error}`;
    case "warning":
      return event.message;
    default:
      // Logs are told as logs; the rest does not happen to a provider by itself.
      return undefined;
  }
}
