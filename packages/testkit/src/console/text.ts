import { styleText } from "node:util";
import { formatCall } from "../host/index.js";
import type { ConsoleEvent, LogFact, Report, SessionFact } from "./events.js";

type Style = Parameters<typeof styleText>[0];

/** How events are put into words. */
export interface TextOptions {
  /** Of each of the two. */
  readonly colour: { readonly out: boolean; readonly err: boolean };
  /** Answers go here: what a script would read. */
  readonly out: (text: string) => void;
  /** Everything else. */
  readonly err: (text: string) => void;
}

/** Tells each event in words for people. */
export function textReport({ colour, out, err }: TextOptions): Report {
  const painter =
    (on: boolean): Paint =>
    (style, text) =>
      on ? styleText(style, text, { validateStream: false }) : text;
  const [paintOut, paintErr] = [painter(colour.out), painter(colour.err)];
  return (event) => {
    // Apart from the body, so that a script reads nothing but that.
    if (event.event === "answer") err(`${statusLine(event, paintErr)}\n`);
    const isResult = results.has(event.event);
    for (const line of describe(event, isResult ? paintOut : paintErr)) (isResult ? out : err)(`${line}\n`);
  };
}

/** What somebody has asked for, in contrast to what happens. */
const results: ReadonlySet<ConsoleEvent["event"]> = new Set([
  "answer",
  "operations",
  "plugins",
  "sessions",
  "support",
  "health",
  "logs",
  "help",
]);

type Paint = (style: Style, text: string) => string;

function describe(event: ConsoleEvent, paint: Paint): readonly string[] {
  switch (event.event) {
    case "waiting":
      return [
        paint("bold", `waiting for a provider on ${event.socket}; start it with`),
        ...Object.entries(event.environment).map(([name, value]) => `  ${name}=${value}`),
      ];
    case "provider-started":
      return [`${event.provider} is process ${event.pid}: ${event.command.join(" ")}`];
    case "provider-attached":
      return [`${event.provider} is the one that serves on ${event.socket}`];
    case "provider-detached":
      return [`${event.provider} is left running`];
    case "provider-configured":
      return identityLines(event.identity, paint);
    case "provider-ended":
      return [endOf(event, paint)];
    case "debugger":
      return [paint("yellow", `debugger at ${event.url} (chrome://inspect, or attach your editor)`)];
    case "plugin-hosted":
      return [
        paint("green", `${event.plugin} is hosted in session ${event.sessionId}`) +
          `, at ${event.dialTarget}`,
      ];
    case "plugin-skipped":
      return [paint("red", `${event.plugin} could not be hosted: ${event.message}`)];
    case "plugin-stopped":
      return [`${event.plugin} is stopped`];
    case "answer":
      return [typeof event.body === "string" ? event.body : JSON.stringify(event.body, null, 2)];
    case "operations":
      return event.operations.flatMap(({ id, description, parameters }) => [
        `${paint("bold", id)}  ${description}`,
        ...parameters.map(
          (one) => `    ${one.name}${one.required ? "" : "?"}: ${one.type}  ${paint("dim", one.description)}`,
        ),
      ]);
    case "plugins":
      return event.plugins.map(
        ({ name, status, current }) => `${current ? "*" : " "} ${name}  ${paint("dim", status)}`,
      );
    case "sessions":
      return event.sessions.length === 0
        ? ["no sessions"]
        : event.sessions.flatMap((session) => sessionLines(session, paint));
    case "support":
      return event.providers.map(({ name, profile, error, sessionCount }) => {
        if (profile === undefined) return `${name}: ${error ?? "not started"}`;
        const { canHostPlugins, egressMode, hostServiceAccess } = profile.advertised;
        const effective = profile.effective.hostServiceAccess;
        const access =
          effective === hostServiceAccess ? effective : `${hostServiceAccess}, on this host ${effective}`;
        return `${name}: ${canHostPlugins ? "hosts plugins" : "can't host plugins"}; host services ${access}; egress ${egressMode}; ${sessionCount} sessions`;
      });
    case "health":
      return [
        event.ready
          ? `ready${event.message === "" ? "" : `: ${event.message}`}`
          : paint("red", `not ready: ${event.message}`),
      ];
    case "log":
      return logLines(event, paint);
    case "logs":
      return event.records.length === 0
        ? ["no lines"]
        : event.records.flatMap((record) => logLines(record, paint));
    case "output":
      return [`${paint("dim", `${event.provider} |`)} ${event.line}`];
    case "call":
      return [paint("dim", formatCall(event.call))];
    case "changed":
      return [paint("bold", `changed: ${event.files.join(", ")}`)];
    case "build":
      return [buildLine(event, paint)];
    case "warning":
      return [paint("yellow", `warning: ${event.message}`)];
    case "help":
      return event.text.split("\n");
    case "error":
      return [paint("red", `error: ${event.message}`)];
  }
}

function statusLine({ status, tookMs }: Extract<ConsoleEvent, { event: "answer" }>, paint: Paint): string {
  return paint(status < 400 ? "dim" : "red", `${status} in ${tookMs.toFixed(1)} ms`);
}

function identityLines(identity: Readonly<Record<string, unknown>>, paint: Paint): string[] {
  const text = (key: string): string => (typeof identity[key] === "string" ? identity[key] : "");
  const warnings = Array.isArray(identity.warnings) ? identity.warnings.map(String) : [];
  const names = [text("displayName"), text("version")].filter((part) => part !== "");
  return [
    `${text("name")} is configured${names.length === 0 ? "" : `: ${names.join(" ")}`}`,
    ...warnings.map((warning) => paint("yellow", `warning of the provider: ${warning}`)),
  ];
}

function endOf(
  { provider, code, signal, expected }: Extract<ConsoleEvent, { event: "provider-ended" }>,
  paint: Paint,
): string {
  const how = signal ?? `exit code ${code ?? "unknown"}`;
  if (expected)
    return code === 0 ? `${provider} has ended` : paint("red", `${provider} has ended with ${how}`);
  return paint("red", `${provider} ended by itself with ${how}; restart starts it again`);
}

function buildLine(
  { state, command, code }: Extract<ConsoleEvent, { event: "build" }>,
  paint: Paint,
): string {
  if (state === "failed")
    return paint("red", `${command} failed (${code ?? "unknown"}); what runs is what was built before`);
  return state === "started" ? `building: ${command}` : "built";
}

function sessionLines(session: SessionFact, paint: Paint): string[] {
  const { id, state, plugin = "another's", stateReason, stateMessage, startedAt, expiresAt } = session;
  const facts = [
    stateReason,
    stateMessage,
    startedAt === undefined ? undefined : `started ${startedAt}`,
    expiresAt === undefined ? undefined : `expires ${expiresAt}`,
  ].filter((fact) => fact !== undefined);
  return [
    `${id}  ${paint(state === "failed" ? "red" : "green", state)}  ${plugin}`,
    ...(facts.length === 0 ? [] : [`    ${paint("dim", facts.join("; "))}`]),
  ];
}

function logLines({ plugin, stream, message }: LogFact, paint: Paint): string[] {
  const head = paint(stream === "stdout" ? "cyan" : "magenta", `${plugin} ${stream} |`);
  return message
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => `${head} ${line}`);
}
