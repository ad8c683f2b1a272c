import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { PluginRuntimeLogStream, type PluginRuntimeLogEntry } from "@gestalt-runtime/sdk/protocol";
import type { LogBatch, LogHost } from "../../../host/log-host.js";
import type { CheckContext, FixtureStart } from "../../check/context.js";
import { CheckBlocked } from "../../check/outcome.js";
import type { SubjectPlugin } from "../../subject/plugin.js";
import type { SubjectProvider } from "../../subject/provider.js";
import type { PluginRequest } from "../../subject/requests.js";
import type { SubjectSession } from "../../subject/session.js";

/** What begins each line of the fixture plugin's `log`: who wrote it, and which of its lines it is. */
const numbered = /^(stdout|stderr) (\d+) /;

/** What the log host was sent of one session since it is watched. */
export class SessionLog {
  /** What it took, in the order in which it came. */
  readonly taken: PluginRuntimeLogEntry[] = [];
  /** What it refused. */
  readonly refused: PluginRuntimeLogEntry[] = [];
  /** When it last refused a call, by `performance.now()`. */
  refusedAtMs: number | undefined;
  /** What it took that is no line of the fixture plugin's `log`. */
  readonly others: PluginRuntimeLogEntry[] = [];
  readonly #numbers = { stdout: [] as number[], stderr: [] as number[] };

  add({ records, taken }: LogBatch): void {
    if (!taken) {
      this.refused.push(...records);
      this.refusedAtMs = performance.now();
      return;
    }
    for (const record of records) {
      this.taken.push(record);
      const [, stream, number] = numbered.exec(record.message) ?? [];
      if (stream === "stdout" || stream === "stderr") this.#numbers[stream].push(Number(number));
      else this.others.push(record);
    }
  }

  /** The numbers of the lines that the fixture plugin wrote there, in the order in which they came. */
  numbers(stream: "stdout" | "stderr"): readonly number[] {
    return this.#numbers[stream];
  }

  /** All that the plugin wrote, as one text: a line may come in several records. */
  get plugin(): string {
    return this.taken
      .filter(({ stream }) => stream !== PluginRuntimeLogStream.RUNTIME)
      .map(({ message }) => message)
      .join("");
  }

  /** Whether a record holds this text. */
  holds(text: string): boolean {
    return this.taken.some(({ message }) => message.includes(text));
  }
}

/** The logs of all sessions of one provider. */
export class LogWatch {
  /** Every call, in the order in which they came. */
  readonly batches: LogBatch[] = [];
  readonly #sessions = new Map<string, SessionLog>();

  constructor(t: CheckContext, provider: SubjectProvider) {
    const stop = logHostOf(provider).watch((batch) => {
      this.batches.push(batch);
      this.of(batch.sessionId).add(batch);
    });
    t.cleanUp("stop watching the log host", stop);
  }

  of(sessionId: string): SessionLog {
    let log = this.#sessions.get(sessionId);
    if (log === undefined) this.#sessions.set(sessionId, (log = new SessionLog()));
    return log;
  }
}

/** The log host that a provider is offered, back to its usual self after the check. */
export function logHostOf({ instance: { logHost } }: SubjectProvider): LogHost {
  if (logHost === undefined) throw new Error("the provider was started without a log host");
  return logHost;
}

/** Makes the log host itself again once the check is over. */
export function mendAfterwards(t: CheckContext, logHost: LogHost): void {
  t.cleanUp("mend the log host", () => {
    logHost.thaw();
    logHost.slow(0);
    logHost.fail(undefined);
  });
}

export interface WatchedPlugin {
  readonly provider: SubjectProvider;
  readonly session: SubjectSession;
  readonly plugin: SubjectPlugin;
  readonly log: SessionLog;
  readonly watch: LogWatch;
}

/** The fixture plugin in a session whose log is watched from the beginning. */
export async function watchedPlugin(t: CheckContext, start: FixtureStart = {}): Promise<WatchedPlugin> {
  const provider = await t.provider();
  const watch = new LogWatch(t, provider);
  const session = await t.session(provider);
  const plugin = await t.plugin(session, start);
  return { provider, session, plugin, watch, log: watch.of(session.id) };
}

/** StartPlugin of a program that can't serve: its failure is another check's question. */
export async function failedStart(session: SubjectSession, request: PluginRequest): Promise<void> {
  try {
    await session.startPlugin(request);
  } catch (error) {
    if (error instanceof RuntimeProviderError) return;
    throw error;
  }
  throw new CheckBlocked(
    "plugin/start-plugin/exits-early",
    "StartPlugin was answered with OK for a program that can't serve",
  );
}

/** Waits until something holds; given up only when nothing more of the session has come for a while: a machine may be slow. */
async function untilQuiet(
  t: CheckContext,
  log: SessionLog,
  what: string,
  probe: () => string | undefined,
): Promise<boolean> {
  const { logMs } = t.subject.times;
  t.doing = `waiting until ${what}`;
  for (;;) {
    const came = log.taken.length;
    const against = probe();
    if (against === undefined) return true;
    const deadline = performance.now() + logMs;
    while (log.taken.length === came) {
      if (performance.now() >= deadline)
        return t.expect(false, `${what}: not within ${logMs} ms of the last record; ${against}`);
      await t.pause(10);
    }
  }
}

/** Waits until so many lines of the fixture plugin's `log` have come, in whatever order. */
export function linesArrive(
  t: CheckContext,
  log: SessionLog,
  stream: "stdout" | "stderr",
  count: number,
  first = 1,
): Promise<boolean> {
  return untilQuiet(t, log, `the log host has all ${count} lines of ${stream}`, () => {
    const came = new Set(log.numbers(stream).filter((one) => one >= first && one < first + count)).size;
    return came === count ? undefined : `${came} of them came`;
  });
}

/**
 * Waits until every one of so many lines is accounted for: it came, or records in the log tell how many did not. Of
 * each record one number counts, and a few other records may have been dropped with the lines.
 */
export function completeOrCounted(
  t: CheckContext,
  log: SessionLog,
  stream: "stdout" | "stderr",
  count: number,
): Promise<boolean> {
  return untilQuiet(t, log, "every line is in the log or counted there as dropped", () => {
    const missing = count - new Set(log.numbers(stream)).size;
    if (missing === 0 || tells(log.others, missing)) return undefined;
    return `of ${count} lines some are missing, and no record tells how many (such as "${missing} lines dropped")`;
  });
}

const alsoDropped = 10;

function tells(records: readonly PluginRuntimeLogEntry[], missing: number): boolean {
  const most = missing + alsoDropped;
  const told = records.map(({ message }) =>
    [...message.matchAll(/\d[\d,_]*/g)].map(([text]) => Number(text.replaceAll(/[,_]/g, ""))),
  );
  // While lines are on their way this saves the sums, which are many.
  if (told.reduce((sum, numbers) => sum + Math.max(0, ...numbers), 0) < missing) return false;
  let sums = new Set([0]);
  for (const numbers of told) {
    const more = [...sums]
      .flatMap((sum) => numbers.map((number) => sum + number))
      .filter((sum) => sum <= most);
    sums = new Set([...sums, ...more]);
  }
  return [...sums].some((sum) => sum >= missing);
}
