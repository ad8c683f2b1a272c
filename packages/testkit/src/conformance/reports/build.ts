import { protocolVersion } from "@gestalt-runtime/sdk/protocol";
import { allChecks } from "../checks/index.js";
import type { Check } from "../check/check.js";
import { requirements, type Requirement } from "../requirements/index.js";
import type { CheckResult, Verdict } from "../runner/result.js";
import type { RepeatedOutcome } from "../runner/repeat.js";
import type { Subject } from "../subject/subject.js";
import { isRed, type Baseline } from "../select/baseline.js";
import { evidence } from "./evidence.js";
import { reportVersion, type CheckReport, type ConformanceReport, type RequirementReport } from "./report.js";
import { StableNames } from "./stable-names.js";

export interface ReportOptions {
  readonly subject: Subject;
  readonly outcome: RepeatedOutcome;
  readonly selected: readonly Check[];
  readonly baseline: Baseline;
  readonly seed: number;
  readonly strict: boolean;
  /** Calls of checks that passed, too. */
  readonly trace: boolean;
  readonly suiteVersion: string;
  readonly startedAt: Date;
  /** How the provider was named. */
  readonly named: string;
  /** What repeats these checks. */
  readonly repeatCommand: (...ids: readonly string[]) => string;
}

/** All that a run found, in the shape of the JSON report. */
export function buildReport(options: ReportOptions): ConformanceReport {
  const { subject, outcome, selected, baseline } = options;
  const { look, profile, results, interrupted } = outcome;
  const checks = results.map((result) => checkReport(result, options));
  const stale = results
    .filter(({ id, verdict }) => baseline.has(id) && (verdict === "passed" || verdict === "warned"))
    .map(({ id }) => id);
  const { identity } = look;
  const report: Omit<ConformanceReport, "verdict"> = {
    reportVersion,
    suite: { name: "@gestalt-runtime/testkit", version: options.suiteVersion, protocolVersion },
    subject: {
      named: options.named,
      name: identity?.name ?? "",
      displayName: identity?.displayName ?? "",
      version: identity?.version ?? "",
      minProtocolVersion: identity?.minProtocolVersion ?? 0,
      maxProtocolVersion: identity?.maxProtocolVersion ?? 0,
    },
    run: {
      mode: subject.mode,
      seed: options.seed,
      strict: options.strict,
      repeat: outcome.rounds,
      partial: selected.length < allChecks.length,
      interrupted,
      startedAt: options.startedAt.toISOString(),
      durationMs: outcome.durationMs,
    },
    profile: { support: profile.support ?? null, declares: profile.declares },
    ...diagnosis(options),
    counts: countsOf(checks),
    notices: [...look.notices, ...leftoverNotices(checks, selected)],
    staleBaseline: stale,
    requirements: requirements.map((one) => requirementReport(one, checks)),
    checks,
  };
  return { ...report, verdict: verdictOf(report) };
}

/** Whether nothing stands against conformance: what is known to fail does not count, unless it passes by now. */
function verdictOf(report: Omit<ConformanceReport, "verdict">): ConformanceReport["verdict"] {
  if (report.run.interrupted) return "interrupted";
  if (report.checks.length === 0 && report.diagnosis !== undefined) return "not-started";
  const { counts, staleBaseline, run } = report;
  const red = counts.failed + counts.blocked + counts.error - counts.known;
  if (red > 0 || staleBaseline.length > 0 || (run.strict && counts.warned > 0)) return "not-conformant";
  if (report.checks.every(({ verdict }) => verdict === "skipped")) return "nothing-checked";
  return "conformant";
}

function diagnosis({ outcome: { look } }: ReportOptions): { diagnosis?: string } {
  const text = look.startFailure ?? look.trouble;
  return text === undefined ? {} : { diagnosis: new StableNames({ calls: [], logs: {} }).text(text) };
}

function checkReport(result: CheckResult, options: ReportOptions): CheckReport {
  const names = new StableNames(result);
  const red = isRed(result) || result.verdict === "warned";
  const { id, title, area, requirements: ids, level, verdict, durationMs, reason, blockedBy } = result;
  const unsteady = options.outcome.unsteady.get(id);
  return {
    id,
    title,
    area,
    requirements: ids,
    level,
    verdict,
    known: options.baseline.has(id) && isRed(result),
    ...(unsteady === undefined ? {} : { unsteady }),
    differences: result.differences.map(({ requirement, text }) => ({ requirement, text: names.text(text) })),
    ...(reason === undefined ? {} : { reason: names.text(reason) }),
    ...(blockedBy === undefined ? {} : { blockedBy }),
    ...(red
      ? {
          cause: result.cause,
          mend: result.mend,
          repeat: options.repeatCommand(...(result.repeatWith ?? []), id),
        }
      : {}),
    durationMs,
    ...(red || options.trace ? evidence(result) : {}),
    leftBehind: result.leftBehind.map((text) => names.text(text).replaceAll(/-\w{6}(?=\/|$)/g, "-*")),
  };
}

function countsOf(checks: readonly CheckReport[]): ConformanceReport["counts"] {
  const counts: Record<Verdict | "known", number> = {
    passed: 0,
    failed: 0,
    warned: 0,
    skipped: 0,
    blocked: 0,
    error: 0,
    known: 0,
  };
  for (const { verdict, known } of checks) {
    counts[verdict] += 1;
    if (known) counts.known += 1;
  }
  return counts;
}

function requirementReport(one: Requirement, checks: readonly CheckReport[]): RequirementReport {
  const { id, level, area, text } = one;
  const ids = allChecks.filter((check) => check.requirements.includes(id)).map((check) => check.id);
  const base = { id, level, area, text, checks: ids };
  if (one.noCheck !== undefined) return { ...base, verdict: "no-check", reason: one.noCheck };
  if (ids.length === 0) return { ...base, verdict: "no-check", reason: "the suite has no check for it yet" };
  const ran = checks.filter((check) => ids.includes(check.id));
  // A check of several requirements breaks only those that its differences name.
  const broken = ran.flatMap(({ verdict, differences }) =>
    differences.filter(({ requirement }) => requirement === id).map(() => verdict),
  );
  if (broken.includes("failed")) return { ...base, verdict: "broken" };
  if (ran.some(({ verdict }) => verdict === "blocked" || verdict === "error"))
    return { ...base, verdict: "unknown" };
  if (broken.includes("warned")) return { ...base, verdict: "warned" };
  const decided = ran.filter(({ verdict }) => verdict !== "skipped");
  if (decided.length > 0) return { ...base, verdict: "met" };
  const [skipped] = ran;
  if (skipped?.reason !== undefined) return { ...base, verdict: "not-claimed", reason: skipped.reason };
  return { ...base, verdict: "not-run" };
}

/** What checks left behind, where filters have left out the check whose question that is. */
function leftoverNotices(checks: readonly CheckReport[], selected: readonly Check[]): string[] {
  if (selected.some(({ last }) => last === true)) return [];
  const left = checks.filter(({ verdict, leftBehind }) => verdict === "passed" && leftBehind.length > 0);
  if (left.length === 0) return [];
  const examples = left
    .slice(0, 3)
    .map(({ id, leftBehind }) => `${id}: ${leftBehind.slice(0, 3).join(", ")}`);
  return [
    `after ${left.length} checks that passed the suite had to clean up behind the provider (${examples.join("; ")})`,
  ];
}
