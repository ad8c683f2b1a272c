import { buildReport, type ReportOptions } from "../../src/conformance/reports/build.js";
import type { ConformanceReport } from "../../src/conformance/reports/report.js";
import type { FirstLook } from "../../src/conformance/runner/look.js";
import type { CheckResult } from "../../src/conformance/runner/result.js";
import { suiteTimes } from "../../src/conformance/subject/limits.js";
import { Subject } from "../../src/conformance/subject/subject.js";

export interface Given extends Partial<
  Pick<ReportOptions, "strict" | "selected" | "named" | "trace" | "repeatCommand">
> {
  readonly baseline?: readonly string[];
  readonly look?: FirstLook;
  readonly unsteady?: ReportOptions["outcome"]["unsteady"];
  readonly interrupted?: boolean;
}

/** The report of a run that came to these results. */
export async function reportOf(
  results: readonly CheckResult[],
  { baseline = [], look = { notices: [] }, unsteady = new Map(), interrupted = false, ...given }: Given = {},
): Promise<ConformanceReport> {
  const subject = await Subject.open({ command: "/p" }, suiteTimes);
  const support = {
    canHostPlugins: true,
    hostServiceAccess: "direct",
    egressMode: "none",
    preparesWorkspaces: false,
  } as const;
  return buildReport({
    subject,
    outcome: {
      profile: {
        mode: "spawn",
        support,
        declares: subject.declares,
        hasInvalidConfig: false,
        isSelfContained: true,
      },
      look,
      results,
      interrupted,
      durationMs: 1_500,
      rounds: 1,
      unsteady,
    },
    selected: [],
    baseline: new Set(baseline),
    seed: 1,
    strict: false,
    trace: false,
    suiteVersion: "1.2.3",
    startedAt: new Date(0),
    named: "/p",
    repeatCommand: (...ids) => `gestalt-runtime conformance --check ${ids.join(" --check ")} -- /p`,
    ...given,
  });
}
