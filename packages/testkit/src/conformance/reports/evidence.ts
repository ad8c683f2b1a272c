import type { HostCall } from "../../host/trace.js";
import type { CheckResult } from "../runner/result.js";
import { eventReports } from "./events.js";
import type { CallReport, CheckReport } from "./report.js";
import { StableNames } from "./stable-names.js";

const maxCalls = 500;

/** What happened during a check, for a report. */
export function evidence(
  result: CheckResult,
): Required<Pick<CheckReport, "calls" | "events" | "logs" | "stderr">> {
  const names = new StableNames(result);
  const begins = [result.calls[0]?.startedAtMs, result.events[0]?.atMs].filter((time) => time !== undefined);
  const first = begins.length === 0 ? 0 : Math.min(...begins);
  const calls: CallReport[] = [];
  for (const call of result.calls) {
    const report = callReport(call, first, names);
    const before = calls.at(-1);
    if (before !== undefined && isSame(before, report))
      calls[calls.length - 1] = { ...before, times: before.times + 1 };
    else calls.push(report);
  }
  return {
    calls: calls.slice(-maxCalls),
    events: eventReports(result.events, first, names),
    logs: Object.fromEntries(
      Object.entries(result.logs)
        .map(([id, lines]) => [names.text(id), lines.slice(-100).map((line) => names.text(line))] as const)
        // Sessions that were started side by side are known in any order.
        .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })),
    ),
    stderr: result.stderr.map((line) => names.text(line)),
  };
}

function callReport(call: HostCall, first: number, names: StableNames): CallReport {
  const { to, name, instance, method, request, startedAtMs, durationMs, outcome } = call;
  return {
    to,
    name,
    instance,
    method,
    request: names.value(request),
    startedAtMs: startedAtMs - first,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(outcome === undefined
      ? {}
      : outcome.code === "OK"
        ? { code: outcome.code, response: names.value(outcome.response) }
        : { code: outcome.code, message: names.text(outcome.message) }),
    times: 1,
  };
}

function isSame(a: CallReport, b: CallReport): boolean {
  const key = ({ to, name, instance, method, request, code, response, message }: CallReport): string =>
    JSON.stringify([to, name, instance, method, request, code, response, message]);
  return key(a) === key(b);
}
