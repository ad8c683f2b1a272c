import type { Check } from "../check/check.js";
import type { CheckContext } from "../check/context.js";
import type { Leak } from "../leftovers/leak.js";
import type { Profile } from "../subject/profile.js";
import type { Subject } from "../subject/subject.js";
import { firstLook, profileOf, type FirstLook } from "./look.js";
import type { CheckResult } from "./result.js";
import { runCheck, type CheckRun } from "./run-check.js";
import { SharedProvider } from "./shared-provider.js";

export interface RunOptions {
  readonly subject: Subject;
  /** What to run, in this order. */
  readonly checks: readonly Check[];
  /** For random values. Default 1. */
  readonly seed?: number;
  /** How many checks at the same time, each with providers of its own. Default 1. */
  readonly parallel?: number;
  /** Ends the run after the first check that failed, is blocked or met a fault of the suite. Default false. */
  readonly bail?: boolean;
  /** What is known of the provider already, in place of a start for a first look. */
  readonly look?: FirstLook;
  /** Runs the checks also when the provider could not be started for a first look. Default false. */
  readonly evenWithoutStart?: boolean;
  readonly signal?: AbortSignal;
  readonly onStart?: (check: Check) => void;
  readonly onResult?: (result: CheckResult) => void;
  readonly hold?: (result: CheckResult, context: CheckContext) => Promise<void>;
}

export interface RunOutcome {
  readonly profile: Profile;
  readonly look: FirstLook;
  /** In the order of the checks. */
  readonly results: readonly CheckResult[];
  readonly interrupted: boolean;
  readonly durationMs: number;
}

/** Runs checks against a provider. */
export async function runChecks(options: RunOptions): Promise<RunOutcome> {
  const { subject, checks, parallel = 1, seed = 1, onStart, onResult, bail = false, hold } = options;
  const startedAt = performance.now();
  const suite = AbortSignal.timeout(subject.times.suiteMs);
  const stop = new AbortController();
  const signal = AbortSignal.any([
    suite,
    stop.signal,
    ...(options.signal === undefined ? [] : [options.signal]),
  ]);
  const look = options.look ?? (await firstLook(subject, signal));
  const profile = profileOf(subject, look);
  const isOver = (): boolean => signal.aborted;
  const results = new Map<string, CheckResult>();
  const leaks: Leak[] = [];
  if (look.startFailure === undefined || options.evenWithoutStart === true) {
    const work = async (queue: Check[]): Promise<void> => {
      const shared = new SharedProvider(subject);
      const run: CheckRun = {
        subject,
        profile,
        seed,
        signal,
        shared,
        leaks,
        ...(hold === undefined ? {} : { hold }),
      };
      try {
        for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
          if (isOver()) return;
          onStart?.(check);
          const result = await runCheck(check, run);
          if (isOver()) return;
          results.set(check.id, result);
          onResult?.(result);
          if (bail && ["failed", "blocked", "error"].includes(result.verdict)) stop.abort();
        }
      } finally {
        leaks.push(...(await shared.end()));
      }
    };
    // Two hosts can't be attached at the same time.
    const workers = subject.mode === "attach" ? 1 : Math.max(1, parallel);
    const before = checks.filter((check) => check.last !== true);
    const together = before.filter((check) => check.alone !== true);
    await Promise.all(Array.from({ length: workers }, () => work(together)));
    await work(before.filter((check) => check.alone === true));
    await work(checks.filter((check) => check.last === true));
  }
  return {
    profile,
    look,
    results: checks.map(({ id }) => results.get(id)).filter((result) => result !== undefined),
    interrupted: signal.aborted && !stop.signal.aborted,
    durationMs: performance.now() - startedAt,
  };
}
