import { isRed } from "../select/baseline.js";
import type { CheckResult, Verdict } from "./result.js";
import { runChecks, type RunOptions, type RunOutcome } from "./run.js";

export interface RepeatedOutcome extends RunOutcome {
  /** How often all was run. */
  readonly rounds: number;
  /** How often each verdict came, of the checks whose verdict was not always the same. */
  readonly unsteady: ReadonlyMap<string, Partial<Record<Verdict, number>>>;
}

/** From the best to the worst: of several rounds the worst one counts. */
const order: readonly Verdict[] = ["passed", "skipped", "warned", "blocked", "failed", "error"];

/** Runs all checks so many times, and keeps the worst result of each. */
export async function runRepeatedly(options: RunOptions, rounds: number): Promise<RepeatedOutcome> {
  const all: RunOutcome[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const before = all[0];
    const outcome = await runChecks(before === undefined ? options : { ...options, look: before.look });
    all.push(outcome);
    if (outcome.interrupted || outcome.look.startFailure !== undefined) break;
    if (options.bail === true && outcome.results.some(isRed)) break;
  }
  return joinRounds(all);
}

/**
 * What several rounds come to.
 *
 * @throws RangeError for no round at all
 */
export function joinRounds(all: readonly RunOutcome[]): RepeatedOutcome {
  const [first] = all;
  if (first === undefined) throw new RangeError("it was to be run no times at all");
  const byId = new Map<string, [CheckResult, ...CheckResult[]]>();
  for (const { results } of all)
    for (const result of results) {
      const before = byId.get(result.id);
      if (before === undefined) byId.set(result.id, [result]);
      else before.push(result);
    }
  const unsteady = new Map<string, Partial<Record<Verdict, number>>>();
  for (const [id, found] of byId) {
    const counts: Partial<Record<Verdict, number>> = {};
    for (const { verdict } of found) counts[verdict] = (counts[verdict] ?? 0) + 1;
    if (Object.keys(counts).length > 1) unsteady.set(id, counts);
  }
  return {
    ...first,
    results: [...byId.values()].map((found) => found.reduce(worse)),
    interrupted: all.some(({ interrupted }) => interrupted),
    durationMs: all.reduce((sum, { durationMs }) => sum + durationMs, 0),
    rounds: all.length,
    unsteady,
  };
}

/** The first of those that are equally bad. */
function worse(a: CheckResult, b: CheckResult): CheckResult {
  return order.indexOf(b.verdict) > order.indexOf(a.verdict) ? b : a;
}
