import type { JsonValue } from "@bufbuild/protobuf";
import type { HostCall, HostEventRecord, HostTrace } from "./trace.js";

/** How a trace is written. */
export interface FormatOptions {
  /** Characters of a request or an answer before it is cut. Default 200. */
  readonly maxTextLength?: number;
}

/** A whole trace as people read it: one line per call or event, in the order of their time. */
export function formatTrace(trace: HostTrace, options: FormatOptions = {}): string {
  const lines = [
    ...trace.calls.map((call) => ({ at: call.startedAtMs, text: formatCall(call, options) })),
    ...trace.events.map((event) => ({ at: event.atMs, text: formatEvent(event, options) })),
  ];
  return lines
    .sort((a, b) => a.at - b.at)
    .map(({ text }) => text)
    .join("\n");
}

/** One call as a line: when, whose, request, deadline, answer, how long. */
export function formatCall(call: HostCall, { maxTextLength = 200 }: FormatOptions = {}): string {
  const deadline = call.deadlineMs === undefined ? "no deadline" : `deadline ${call.deadlineMs} ms`;
  const asked = `${call.method} ${cut(call.request, maxTextLength)} (${deadline})`;
  return `${head(call.startedAtMs, call)} ${asked} -> ${answerOf(call, maxTextLength)}`;
}

function answerOf({ outcome, durationMs = 0 }: HostCall, maxTextLength: number): string {
  if (outcome === undefined) return "in flight";
  const took = `${durationMs.toFixed(1)} ms`;
  if (outcome.code === "OK")
    return `OK ${cut("response" in outcome ? outcome.response : {}, maxTextLength)} in ${took}`;
  return `${outcome.code} ${"message" in outcome ? outcome.message : ""} in ${took}`;
}

/** One event as a line: when, whose, what. */
export function formatEvent(event: HostEventRecord, { maxTextLength = 200 }: FormatOptions = {}): string {
  return `${head(event.atMs, event)} * ${describe(event, maxTextLength)}`;
}

function describe(event: HostEventRecord, maxTextLength: number): string {
  switch (event.type) {
    case "spawned":
      return `spawned as process ${event.pid}: ${event.command.join(" ")}`;
    case "attached":
      return `the host attaches to ${event.socketPath}`;
    case "detached":
      return `the host lets go of ${event.socketPath}`;
    case "warning":
      return `warning: ${event.message}`;
    case "ready":
      return "serves gRPC";
    case "signal":
      return `gets ${event.signal}`;
    case "exited":
      return event.signal === null
        ? `ended with exit code ${event.code ?? "unknown"}`
        : `ended by ${event.signal}`;
    case "log-appended":
      return `log of ${event.sessionId} up to ${event.lastSeq}: ${cut([...event.messages], maxTextLength)}`;
    case "log-refused":
      return `log of ${event.sessionId} refused: ${event.error}`;
    case "host-service":
      return `used ${event.envVar}: ${event.method} ${event.code}`;
    case "relayed-call":
      return `relayed ${event.envVar === "" ? "nothing" : event.envVar}: ${event.method} ${event.code}`;
    case "egress-request":
      return `egress: ${event.method} ${event.target} ${event.status}`;
    case "plugin-hosted":
      return `is hosted in session ${event.sessionId}`;
    case "plugin-skipped":
      return `is skipped: ${event.message}`;
    case "agent-ready":
      return `has an instance ready in session ${event.sessionId}`;
    case "agent-draining":
      return `gives up session ${event.sessionId}: ${event.why}`;
    case "agent-stopped":
      return `has stopped session ${event.sessionId}`;
    case "agent-start-failed":
      return `could not start an instance: ${event.message}`;
    case "plugin-stopped":
      return "is stopped";
  }
}

function head(
  atMs: number,
  { name, instance }: { readonly name: string; readonly instance: number },
): string {
  return `${atMs.toFixed(1).padStart(9)} ms  ${instance === 0 ? name : `${name}#${instance}`}`;
}

function cut(value: JsonValue, maxLength: number): string {
  const text = JSON.stringify(value);
  return text.length <= maxLength ? text : `${text.slice(0, maxLength)}... (${text.length} characters)`;
}
