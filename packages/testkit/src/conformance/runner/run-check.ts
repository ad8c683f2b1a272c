import { HostTrace } from "../../host/trace.js";
import type { ProviderInstance } from "../../host/provider-instance.js";
import { areaOf, type Check } from "../check/check.js";
import { unmet, type ConditionName } from "../check/conditions.js";
import { CheckContext } from "../check/context.js";
import { CheckFailed } from "../check/outcome.js";
import { Random } from "../check/random.js";
import { owners } from "../check/steps.js";
import { leaksOf, type Leak, type Leftover } from "../leftovers/leak.js";
import { Place } from "../leftovers/place.js";
import { requirement } from "../requirements/index.js";
import type { Profile } from "../subject/profile.js";
import type { Subject } from "../subject/subject.js";
import { judge, levelOf } from "./judge.js";
import type { CheckResult } from "./result.js";
import type { SharedProvider } from "./shared-provider.js";

export interface CheckRun {
  readonly subject: Subject;
  readonly profile: Profile;
  readonly seed: number;
  /** Aborted when the whole run is. */
  readonly signal: AbortSignal;
  /** The worker's own. */
  readonly shared: SharedProvider;
  /** What the providers of checks left that ended as they were told to: it is added to. */
  readonly leaks: Leak[];
  /** Called before a failed check's things are cleared away. */
  readonly hold?: (result: CheckResult, context: CheckContext) => Promise<void>;
}

/** All conditions of a check: its own and those of its requirements. */
export function conditionsOf({ requirements, needs = [], waives = [] }: Check): ConditionName[] {
  const all = new Set<ConditionName>([...requirements.flatMap((id) => requirement(id).when ?? []), ...needs]);
  for (const name of waives) all.delete(name);
  return [...all];
}

/** Runs one check from the first condition to the last clean-up. It never throws. */
export async function runCheck(check: Check, run: CheckRun): Promise<CheckResult> {
  const startedAt = performance.now();
  const against = unmet(conditionsOf(check), run.profile);
  if (against === "unknown")
    return {
      ...resultBase(check, startedAt),
      verdict: "blocked",
      blockedBy: owners.support,
      reason: "GetSupport did not answer, so nobody can tell whether it applies",
    };
  if (against !== undefined)
    return { ...resultBase(check, startedAt), verdict: "skipped", reason: against.reason };
  try {
    // An attached provider is one for all.
    return check.instance === "shared" || run.subject.mode === "attach"
      ? await runShared(check, run)
      : await runAlone(check, run);
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { ...resultBase(check, startedAt), verdict: "error", reason };
  }
}

async function runAlone(check: Check, run: CheckRun): Promise<CheckResult> {
  const place = await Place.make();
  let done: Awaited<ReturnType<typeof carryOut>>;
  try {
    done = await carryOut(check, run, place, new HostTrace(), undefined);
  } catch (error) {
    await place.clear();
    throw error;
  }
  const { result, endedWell } = done;
  const counts = isClean(result) && endedWell && result.cleanUpFaults.length === 0;
  if (counts) await place.ending();
  const left = await place.clear();
  if (counts) run.leaks.push(...leaksOf(left, check.id));
  return { ...result, leftBehind: left.map(wordsOf) };
}

/** What a check that did not pass has left may follow from just what it found. */
function isClean({ verdict }: CheckResult): boolean {
  return verdict === "passed" || verdict === "warned";
}

function wordsOf({ kind, name }: Leftover): string {
  return `${kind} ${name}`;
}

/** A shared provider that a check did not pass with is not used again: what follows must not suffer for it. */
async function runShared(check: Check, run: CheckRun): Promise<CheckResult> {
  const startedAt = performance.now();
  const held = await run.shared.take(run.signal);
  if ("blocked" in held)
    return {
      ...resultBase(check, startedAt),
      verdict: "blocked",
      blockedBy: held.blocked.by,
      reason: held.blocked.message,
    };
  const { instance, place } = held;
  const { result } = await carryOut(check, run, place, instance.trace, instance);
  if (result.verdict === "passed" && instance.process.end === undefined) {
    place.note(check.id);
    return result;
  }
  const left = await run.shared.discard();
  return { ...result, leftBehind: left.map(wordsOf) };
}

async function carryOut(
  check: Check,
  run: CheckRun,
  place: Place,
  trace: HostTrace,
  shared: ProviderInstance | undefined,
): Promise<{ readonly result: CheckResult; readonly endedWell: boolean }> {
  const startedAt = performance.now();
  const since = trace.nowMs;
  const limitMs = check.timeoutMs ?? run.subject.times.checkMs;
  const limit = AbortSignal.timeout(limitMs);
  const signal = AbortSignal.any([limit, run.signal]);
  const t = new CheckContext({
    subject: run.subject,
    profile: run.profile,
    place,
    trace,
    signal,
    random: new Random(run.seed, check.id),
    requirement: check.requirements[0],
    shared,
    leaks: run.leaks,
  });
  let thrown: { readonly error: unknown } | undefined;
  try {
    await Promise.race([check.run(t), aborted(signal)]);
  } catch (error) {
    thrown = { error };
  }
  if (run.signal.aborted) thrown = { error: new Error("the run was interrupted") };
  else if (limit.aborted && !(thrown?.error instanceof CheckFailed)) {
    t.differences.push({
      requirement: check.requirements[0],
      text: `it was not done within ${limitMs} ms; it was ${t.doing}`,
    });
    thrown = undefined;
  }
  const calls = trace.calls.filter((call) => call.startedAtMs >= since);
  const judged = judge(check, t.differences, thrown, calls);
  const result: CheckResult = {
    ...resultBase(check, startedAt),
    ...judged,
    calls,
    events: trace.events.filter((event) => event.atMs >= since),
    logs: Object.fromEntries(
      t.providers.flatMap((provider) => provider.sessionIds.map((id) => [id, provider.log(id)])),
    ),
    stderr: t.providers.flatMap((one) => one.instance.process.stderrLines(20)),
    ...(t.repeatWith.length > 0 && { repeatWith: t.repeatWith }),
  };
  if (result.verdict === "failed") await run.hold?.(result, t);
  const cleanUpFaults = await t.cleanUps.run();
  return {
    result: { ...result, cleanUpFaults, durationMs: performance.now() - startedAt },
    endedWell: t.allEndedWell,
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const give = (): void => {
      reject(new Error("aborted"));
    };
    signal.addEventListener("abort", give, { once: true });
    if (signal.aborted) give();
  });
}

function resultBase(check: Check, startedAt: number): Omit<CheckResult, "verdict"> {
  return {
    id: check.id,
    title: check.title,
    area: areaOf(check),
    requirements: check.requirements,
    level: levelOf(check),
    differences: [],
    cause: check.cause,
    mend: check.mend,
    durationMs: performance.now() - startedAt,
    calls: [],
    events: [],
    logs: {},
    stderr: [],
    leftBehind: [],
    cleanUpFaults: [],
  };
}
