import { create } from "@bufbuild/protobuf";
import { ProviderIdentitySchema } from "@gestalt-runtime/sdk/protocol";
import type { ConformanceReport } from "../../../src/conformance/reports/report.js";
import { reportOf } from "../report-of.js";
import { call, event, result } from "../results.js";
import { hostile } from "./hostile.js";

export const failing = "session/stop-session/ends-session";
export const blocked = "plugin/start-plugin/serves";
export const passing = "process/start/serves";

const runtime = "PluginRuntimeProvider";

/** A run with every verdict, every kind of row in the picture, and names that mean harm. */
export function sampleReport(): Promise<ConformanceReport> {
  const id = `run-${hostile}`;
  const calls = [
    call("ProviderLifecycle/ConfigureProvider", { request: { name: hostile }, startedAtMs: 1_010 }),
    call(`${runtime}/StartSession`, {
      startedAtMs: 1_020,
      durationMs: 40,
      outcome: { code: "OK", response: { id } },
    }),
    ...[1_070, 1_080, 1_090].map((startedAtMs) =>
      call(`${runtime}/GetSession`, {
        startedAtMs,
        request: { sessionId: id },
        outcome: { code: "OK", response: { id, state: "SESSION_STATE_READY" } },
      }),
    ),
    call("IntegrationProvider/Execute", {
      to: "plugin",
      name: "example",
      instance: 0,
      startedAtMs: 1_100,
      durationMs: 30,
      request: { operation: "cache", params: { value: "x".repeat(9_000) } },
    }),
    call(`${runtime}/StopSession`, {
      startedAtMs: 1_140,
      durationMs: 800,
      outcome: { code: "INTERNAL", message: hostile },
    }),
    call(`${runtime}/GetSession`, { instance: 2, startedAtMs: 1_150, durationMs: 5 }),
    unanswered(`${runtime}/StopSession`, 1_960),
  ];
  return reportOf(
    [
      result(passing, "passed"),
      result(failing, "failed", {
        differences: [
          { requirement: "SESS-8", text: `the session's state is "ready";\nexpected "stopped" ${hostile}` },
          { requirement: "SESS-9", text: "a process of the session is still there" },
        ],
        requirements: ["SESS-8", "SESS-9"],
        calls,
        events: [
          event({ type: "spawned", pid: 77, command: ["/p"] }, 1_000),
          event({ type: "ready" }, 1_008),
          event({ type: "host-service", envVar: "CACHE", method: "Cache/Set", code: "OK" }, 1_110),
          event({ type: "warning", message: hostile }, 1_120),
          event({ type: "signal", signal: "SIGTERM" }, 2_000),
          event({ type: "exited", code: null, signal: "SIGKILL" }, 2_400),
        ],
        logs: {
          [id]: ["stdout hello", `stderr \u001b[31m${hostile}\u001b[0m`, "runtime the plugin has ended"],
        },
        stderr: [`WARN \u202e${hostile}`, "Error: EBUSY\n    at stop (session.js:12)"],
        leftBehind: [`file ${hostile}`],
      }),
      result("session/stop-session/repeated", "failed", { calls: calls.slice(0, 2) }),
      result("logs/append-logs/time", "warned", {
        level: "SHOULD",
        requirements: ["LOGS-1"],
        differences: [{ requirement: "LOGS-1", text: "no time on the record" }],
      }),
      result(blocked, "blocked", {
        blockedBy: failing,
        reason: `no session ${hostile}`,
        requirements: ["PLUG-1"],
      }),
      result("lifecycle/handshake/completes", "error", {
        requirements: ["LIFE-1"],
        reason: "TypeError: x is not a function\n    at run (check.ts:1)",
      }),
      ...["workspace/prepare-workspace/one", "workspace/prepare-workspace/two"].map((one) =>
        result(one, "skipped", { requirements: ["WORK-1"], reason: "the provider says no" }),
      ),
    ],
    {
      named: `/bin/${hostile}`,
      unsteady: new Map([[failing, { passed: 2, failed: 1 }]]),
      baseline: [blocked, passing],
      repeatCommand: (check) => `gestalt-runtime conformance --check ${check} -- '/bin/${hostile}'`,
      look: {
        notices: [`the provider is wrapped in ${hostile}`],
        trouble: `INTERNAL: ${hostile}`,
        identity: create(ProviderIdentitySchema, {
          displayName: hostile,
          version: "1.0.0",
          minProtocolVersion: 3,
          maxProtocolVersion: 3,
        }),
      },
    },
  );
}

function unanswered(method: string, startedAtMs: number): ReturnType<typeof call> {
  const { to, name, instance, request, authority } = call(method);
  return { to, name, instance, method, request, authority, startedAtMs };
}
