import { readFileSync } from "node:fs";
import type { Check } from "../check/check.js";
import type { CheckContext } from "../check/context.js";
import { allChecks } from "../checks/index.js";
import { buildReport } from "../reports/build.js";
import type { ConformanceReport } from "../reports/report.js";
import { runRepeatedly } from "../runner/repeat.js";
import type { CheckResult } from "../runner/result.js";
import { readBaseline, updateBaseline, type Baseline } from "../select/baseline.js";
import { selectChecks, type Selection } from "../select/select.js";
import { shellWords } from "../select/shell-words.js";
import { suiteTimes, type SuiteTimes } from "../subject/limits.js";
import type { SubjectOptions } from "../subject/options.js";
import { Subject } from "../subject/subject.js";

/** One run of the suite. */
export interface ConformanceOptions extends Selection {
  /** What is checked. */
  readonly provider: SubjectOptions;
  /** Limits in milliseconds. Default: {@link suiteTimes}. */
  readonly timeouts?: Partial<SuiteTimes>;
  /** File of known failures. Default: none. */
  readonly baseline?: string;
  /** Writes what is red now into the baseline's file, which may not be there yet. Default false. */
  readonly updateBaseline?: boolean;
  /** How often everything is run; the worst verdict of each check counts. Default 1. */
  readonly repeat?: number;
  /** Stops at the first check that does not pass. Default false. */
  readonly bail?: boolean;
  /** For random values. Default 1. */
  readonly seed?: number;
  /** Checks at the same time. Default 2. */
  readonly parallel?: number;
  /** A recommendation that is not followed counts as a failure. Default false. */
  readonly strict?: boolean;
  /** Reports the calls of checks that passed, too. Default false. */
  readonly trace?: boolean;
  /** Ends the run early. */
  readonly signal?: AbortSignal;
  /** What stands before a check's id in a command that runs just that one. Default: `gestalt-runtime conformance`. */
  readonly commandLine?: { readonly before: readonly string[]; readonly after: readonly string[] };
  /** Told before anything is started, of what will run. */
  readonly onSelected?: (checks: readonly Check[]) => void;
  /** Told when a check begins. */
  readonly onStart?: (check: Check) => void;
  /** Told when a check has its verdict. */
  readonly onResult?: (result: CheckResult) => void;
  /** Called before a failed check's providers and files are cleared away. */
  readonly hold?: (result: CheckResult, context: CheckContext) => Promise<void>;
}

/**
 * Checks a provider, requirement by requirement.
 *
 * @throws SelectionError for filters or a baseline that can't be meant; InstallRefusedError for a package that no host
 *   would install; TypeError for a provider that is not named rightly. What the provider does wrong is in the report.
 */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const { provider, repeat = 1, seed = 1, strict = false, trace = false, parallel = 2 } = options;
  const selected = await selectChecks(allChecks, options);
  const baseline = await baselineOf(options);
  const startedAt = new Date();
  const subject = await Subject.open(provider, { ...suiteTimes, ...options.timeouts });
  try {
    options.onSelected?.(selected);
    const { bail, signal, onStart, onResult, hold } = options;
    const outcome = await runRepeatedly(
      {
        subject,
        checks: selected,
        seed,
        parallel,
        ...(bail !== undefined && { bail }),
        ...(signal && { signal }),
        ...(onStart && { onStart }),
        ...(onResult && { onResult }),
        ...(hold && { hold }),
      },
      repeat,
    );
    if (options.updateBaseline === true && options.baseline !== undefined && !outcome.interrupted)
      await updateBaseline(options.baseline, baseline, outcome.results);
    const { before, after } = options.commandLine ?? { before: [], after: [] };
    return buildReport({
      subject,
      outcome,
      selected,
      baseline: options.updateBaseline === true ? new Set(outcome.results.map(({ id }) => id)) : baseline,
      seed,
      strict,
      trace,
      suiteVersion: ownVersion(),
      startedAt,
      named: namedOf(provider),
      repeatCommand: (...ids) =>
        shellWords([
          "gestalt-runtime",
          "conformance",
          ...before,
          "--seed",
          String(seed),
          ...ids.flatMap((id) => ["--check", id]),
          ...after,
        ]),
    });
  } finally {
    await subject.close();
  }
}

async function baselineOf({ baseline, updateBaseline: update }: ConformanceOptions): Promise<Baseline> {
  if (baseline === undefined) return new Set();
  const known = new Set(allChecks.map(({ id }) => id));
  try {
    return await readBaseline(baseline, known);
  } catch (error) {
    // What is to be written anew may be missing or name what is no more.
    if (update === true) return new Set();
    throw error;
  }
}

function namedOf({ command, args = [], source, attach }: SubjectOptions): string {
  return source ?? attach ?? shellWords([command ?? "", ...args]);
}

function ownVersion(): string {
  // Beside dist/ when built, and three folders up in the sources.
  for (const place of ["../package.json", "../../../package.json"]) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8")) as {
        name: string;
        version: string;
      };
      if (name === "@gestalt-runtime/testkit") return version;
    } catch {
      // The other place.
    }
  }
  return "0.0.0";
}
