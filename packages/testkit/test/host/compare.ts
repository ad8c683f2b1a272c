import { isDeepStrictEqual } from "node:util";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { mapStrings, withNamedSessions, withNumberedDirectories } from "./normalise.js";
import type { RecordedEvent } from "./recording.js";

/** Everything in which a replay may differ from its recording; all else must be equal. */
export const tolerances = {
  /** A deadline may be seen this much shorter than recorded: the call was under way on a busy machine. */
  deadlineShorterMs: 1_000,
  /** And by this share at most, which tells it from half. */
  deadlineShorterShare: 0.45,
  /** Or this much longer: the recording's call was under way too. */
  deadlineLongerMs: 20,
  /** Equal GetSession polls in a row, with their equal answers, count as one: their number is the provider's pace. */
  repeatedPolls: "PluginRuntimeProvider/GetSession",
  /** A pool's looks at a session are a row of their own and count as one: their number is the clock's. */
  lookDeadlineMs: 1_020,
  /** Times of a session's life are told from its start, in whole milliseconds. */
  lifecycle: ["startedAt", "recommendedDrainAt", "expiresAt"],
  /** A pool stops an instance beside all else, and an admin looks when he likes: rows of their own. */
  besidePool: ["StopSession", "ListSessions"],
  /** This record is pushed when the provider likes, so its place among the host's calls is free. */
  floatingLog: /^session \S+( \S+)* created$/,
  /** Fields of a token that belong to the recording's client and clock. */
  tokenFields: ["delegation_expires_at", "user_agent"],
  /** The answer's order is the recording provider's, a map's. */
  unorderedAnswer: "PluginRuntimeProvider/ListSessions",
  /** The sandbox's proxy listens where there is room. */
  proxyPort: /^(http:\/\/127\.0\.0\.1:)\d+$/,
  /** The refusal's text is the host's own but for its end (LOGS-2). */
  refusalText: /^(rpc error: code = \w+) desc = .*(: runtime session not found)$/,
} as const;

/**
 * Every difference between a recording and its replay, in words; none when the replay is right.
 *
 * With one session all calls are compared in one row. With several, or several instances, the rows are: each
 * session's own, the handshakes and plans (in any order, but as many), inspections, and the stops in their order.
 */
export function differences(
  recorded: readonly RecordedEvent[],
  seen: readonly RecordedEvent[],
): readonly string[] {
  const [expected, actual] = [rowsOf(recorded), rowsOf(seen)];
  const found: string[] = [];
  for (const row of new Set([...expected.keys(), ...actual.keys()]))
    found.push(...rowDifferences(row, expected.get(row) ?? [], actual.get(row) ?? []));
  return found;
}

function rowsOf(events: readonly RecordedEvent[]): Map<string, readonly RecordedEvent[]> {
  const isPool = events.some(isStartOfAgent);
  // A pool's sessions are one plugin's, and come one after the other.
  const named = (isPool ? events : withNamedSessions(events)).map(simplified);
  const several = named.filter(({ event }) => event === "provider-start").length > 1;
  const rows = new Map<string, RecordedEvent[]>();
  const add = (row: string, event: RecordedEvent): void => {
    const list = rows.get(row);
    if (list === undefined) rows.set(row, [event]);
    else list.push(event);
  };
  for (const event of named) {
    if (isFloating(event)) add(`log of ${event.message ?? ""}`, event);
    else if (isPool) add(rowBesidePool(event), event);
    else if (!several) add("calls", event);
    else for (const row of rowsAmongSeveral(event)) add(row, event);
  }
  const finished = new Map<string, readonly RecordedEvent[]>();
  for (const [row, list] of rows) {
    const kept = collapsed(row === "in any order" ? list.sort(byText) : list);
    finished.set(
      row,
      row === "starts"
        ? kept.map((one) => withNumberedDirectories([one])[0] ?? one)
        : withNumberedDirectories(kept),
    );
  }
  return finished;
}

function isStartOfAgent({ method = "", request }: RecordedEvent): boolean {
  const { metadata } = (request ?? {}) as { metadata?: { provider_kind?: string } };
  return method.endsWith("/StartSession") && metadata?.provider_kind === "agent";
}

/** The row of an event in a pool's life: its sessions come one after the other. */
function rowBesidePool(event: RecordedEvent): string {
  const { method = "", request, response, deadline_ms: deadline } = event;
  const name = method.slice(method.indexOf("/") + 1);
  // The recorder says "running" once the agent has been started.
  const isLook = response?.state === "running" || (deadline ?? Infinity) <= tolerances.lookDeadlineMs;
  if (name === "GetSession" && isLook) return `looks at ${textOf(request?.sessionId ?? response?.id)}`;
  if (name === "StopSession") return "stops";
  if (name === "ListSessions") return "inspections";
  // The plan's has no deadline; an inspection's has a minute.
  if (name === "GetSupport" && request !== undefined && deadline !== undefined) return "inspections";
  return "calls";
}

/** The rows of an event where sessions and instances interleave freely. */
function rowsAmongSeveral(event: RecordedEvent): readonly string[] {
  const { method = "", request, response } = event;
  if (event.event === "provider-start") return ["starts"];
  if (method.endsWith("/StopSession") && event.event === "call") return ["stops", sessionOf(event)];
  if (method.endsWith("/ListSessions")) return ["inspections"];
  if (sessionIn(request) !== "" || sessionIn(response) !== "") return [sessionOf(event)];
  return ["in any order"];
}

function sessionOf({ request, response }: RecordedEvent): string {
  return `session of ${sessionIn(request) || sessionIn(response)}`;
}

function sessionIn(message: JsonObject | undefined): string {
  const { metadata, sessionId } = (message ?? {}) as {
    metadata?: { provider_name?: string };
    sessionId?: string;
  };
  return metadata?.provider_name ?? /<session of (.*)>/.exec(sessionId ?? "")?.[1] ?? "";
}

function isFloating({ event, message }: RecordedEvent): boolean {
  return event.startsWith("log-") && tolerances.floatingLog.test(message ?? "");
}

/** Takes out what the tolerances make equal, and the time. */
function simplified(event: RecordedEvent): RecordedEvent {
  const text = mapStrings({ ...event, at_ms: 0 }, (value) =>
    withoutTokenFields(value).replace(tolerances.proxyPort, "$1<port>"),
  );
  const { error, method } = text;
  const response = text.response === undefined ? undefined : (withRelativeTimes(text.response) as JsonObject);
  if (error !== undefined) return { ...text, error: error.replace(tolerances.refusalText, "$1$2") };
  const sessions = response?.sessions;
  if (method !== tolerances.unorderedAnswer || !Array.isArray(sessions))
    return response === undefined ? text : { ...text, response };
  return { ...text, response: { sessions: sessions.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1)) } };
}

/** Tells the times of every session's life from its start. */
function withRelativeTimes(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withRelativeTimes);
  if (typeof value !== "object" || value === null) return value;
  const { startedAt } = value;
  const relative = ([key, item]: [string, JsonValue]): [string, JsonValue] => {
    if (typeof startedAt !== "string" || typeof item !== "string" || !isTimeOfLife(key))
      return [key, withRelativeTimes(item)];
    return [key, `start + ${Math.round(Date.parse(item) - Date.parse(startedAt))} ms`];
  };
  return Object.fromEntries(Object.entries(value).map(relative));
}

function isTimeOfLife(key: string): boolean {
  return tolerances.lifecycle.some((one) => one === key);
}

function withoutTokenFields(value: string): string {
  return value.replaceAll(/<jwt (.*?\})>/gs, (_token, claims: string) =>
    // The recordings print claims as Python does.
    mapClaims(JSON.parse(claims.replaceAll("'", '"')) as JsonObject),
  );
}

function mapClaims(claims: JsonObject): string {
  const walk = (item: unknown): unknown => {
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(
      Object.entries(item)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => [
          key,
          tolerances.tokenFields.some((field) => field === key) ? "<any>" : walk(value),
        ]),
    );
  };
  return `<jwt ${JSON.stringify(walk(claims))}>`;
}

/** Equal polls in a row count as one: a poll is a call and its answer, and so is a pool's look. */
function collapsed(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const kept: RecordedEvent[] = [];
  for (const event of events) {
    kept.push(event);
    const [a, b, c, d] = kept.slice(-4);
    const polls = [a, b, c, d].every((one) => one?.method === tolerances.repeatedPolls);
    if (!polls || a === undefined || c === undefined || !isDeepStrictEqual(b, d)) continue;
    if (!isDeepStrictEqual({ ...a, deadline_ms: 0 }, { ...c, deadline_ms: 0 })) continue;
    const [first, second] = [a.deadline_ms, c.deadline_ms];
    if (!deadlinesAgree(first, second) && !deadlinesAgree(second, first)) continue;
    // The one that was least under way says best what the host set.
    if ((second ?? 0) > (first ?? 0)) kept.splice(-4, 1, c);
    kept.splice(-2);
  }
  return kept;
}

function rowDifferences(
  row: string,
  expected: readonly RecordedEvent[],
  actual: readonly RecordedEvent[],
): readonly string[] {
  for (const [index, wanted] of expected.entries()) {
    const got = actual[index];
    const where = `${row}, event ${index + 1}`;
    if (got === undefined) return [`${where}: ${titleOf(wanted)} is missing`];
    // What follows a missing or a strange event is out of step: one line says it all.
    if (titleOf(wanted) !== titleOf(got))
      return [`${where}: expected ${titleOf(wanted)}, got ${titleOf(got)}`];
    const fields = fieldDifferences(where, wanted, got);
    if (fields.length > 0) return fields;
  }
  const extra = actual[expected.length];
  return extra === undefined ? [] : [`${row}, event ${expected.length + 1}: unexpected ${titleOf(extra)}`];
}

function fieldDifferences(where: string, wanted: RecordedEvent, got: RecordedEvent): readonly string[] {
  const found: string[] = [];
  for (const field of new Set([...Object.keys(wanted), ...Object.keys(got)])) {
    const [a, b] = [wanted[field], got[field]];
    const equal = field === "deadline_ms" ? deadlinesAgree(a, b) : isDeepStrictEqual(a, b);
    if (!equal) found.push(`${where}, ${titleOf(wanted)}, ${field}: expected ${textOf(a)}, got ${textOf(b)}`);
  }
  return found;
}

function deadlinesAgree(wanted: unknown, got: unknown): boolean {
  if (typeof wanted !== "number" || typeof got !== "number") return wanted === got;
  const shorter = Math.min(tolerances.deadlineShorterMs, wanted * tolerances.deadlineShorterShare);
  return got >= wanted - shorter && got <= wanted + tolerances.deadlineLongerMs;
}

function titleOf({ event, method, message }: RecordedEvent): string {
  const subject = method ?? message;
  return subject === undefined ? event : `${event} ${subject}`;
}

function textOf(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function byText(a: RecordedEvent, b: RecordedEvent): number {
  const [x, y] = [textOf({ ...a, deadline_ms: undefined }), textOf({ ...b, deadline_ms: undefined })];
  return x < y ? -1 : x > y ? 1 : 0;
}
