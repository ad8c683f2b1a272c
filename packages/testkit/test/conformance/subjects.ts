import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { defineCheck, type Check } from "../../src/conformance/check/check.js";
import { runChecks, type RunOptions, type RunOutcome } from "../../src/conformance/runner/run.js";
import { suiteTimes, type SuiteTimes } from "../../src/conformance/subject/limits.js";
import { Subject } from "../../src/conformance/subject/subject.js";

/** The reference provider; `--fault <name>` breaks it. */
export const referenceProvider = fileURLToPath(new URL("../.fixtures/broken-provider.mjs", import.meta.url));

/** A check about nothing, for tests of what runs checks. */
export function check(id: string, run: Check["run"], more: Partial<Check> = {}): Check {
  return defineCheck({
    id,
    title: "it holds",
    requirements: ["LIFE-1"],
    cause: "A mistake.",
    mend: "Mend it.",
    run,
    ...more,
  });
}

export async function runWith(
  checks: readonly Check[],
  more: Partial<RunOptions> & {
    readonly args?: readonly string[];
    readonly times?: Partial<SuiteTimes>;
  } = {},
): Promise<RunOutcome> {
  const { args = [], times, ...options } = more;
  const subject = await Subject.open({ command: referenceProvider, args }, { ...suiteTimes, ...times });
  onTestFinished(() => subject.close());
  return runChecks({ subject, checks, ...options });
}
