import type { HostCall, HostEvent, HostEventRecord } from "../../src/host/trace.js";
import type { Area } from "../../src/conformance/requirements/index.js";
import type { CheckResult, Verdict } from "../../src/conformance/runner/result.js";

/** A result as a run gives it, for tests of what is made of it. */
export function result(id: string, verdict: Verdict, more: Partial<CheckResult> = {}): CheckResult {
  return {
    id,
    title: "it holds",
    area: id.split("/")[0] as Area,
    requirements: ["SESS-8"],
    level: "MUST",
    verdict,
    differences:
      verdict === "failed" || verdict === "warned" ? [{ requirement: "SESS-8", text: "it is <wrong>" }] : [],
    cause: "A mistake.",
    mend: "Mend it.",
    durationMs: 12,
    calls: [],
    events: [],
    logs: {},
    stderr: [],
    leftBehind: [],
    cleanUpFaults: [],
    ...more,
  };
}

export function call(method: string, more: Partial<HostCall> = {}): HostCall {
  return {
    to: "provider",
    name: "conformance",
    instance: 1,
    method,
    request: {},
    authority: "localhost",
    startedAtMs: 1_000,
    durationMs: 2,
    outcome: { code: "OK", response: {} },
    ...more,
  };
}

export function event(happened: HostEvent, atMs: number): HostEventRecord {
  return { ...happened, name: "conformance", instance: 1, atMs };
}
