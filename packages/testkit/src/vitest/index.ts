/**
 * The conformance suite as tests of vitest: one test for each check.
 *
 *     import { describeConformance } from "@gestalt-runtime/testkit/vitest";
 *
 *     describeConformance({ provider: { command: "/abs/dist/my-provider.mjs", config: {} } });
 *
 * Checks that do not apply to the provider's profile are skipped with the reason, as are known failures that still
 * fail; a known failure that passes fails.
 */
import { afterAll, beforeAll, describe, it } from "vitest";
import { areaOf, type Check } from "../conformance/check/check.js";
import { allChecks } from "../conformance/checks/index.js";
import type { Leak } from "../conformance/leftovers/leak.js";
import { firstLook, profileOf, type FirstLook } from "../conformance/runner/look.js";
import type { CheckResult } from "../conformance/runner/result.js";
import { runCheck } from "../conformance/runner/run-check.js";
import { SharedProvider } from "../conformance/runner/shared-provider.js";
import { suiteTimes, type SuiteTimes } from "../conformance/subject/limits.js";
import type { SubjectOptions } from "../conformance/subject/options.js";
import { Subject } from "../conformance/subject/subject.js";

export type { SuiteTimes } from "../conformance/subject/limits.js";
export type {
  EgressPlace,
  InvalidConfig,
  PluginPlace,
  SessionHints,
  SubjectOptions,
} from "../conformance/subject/options.js";
export type { Declarations } from "../conformance/subject/profile.js";

/** What {@link describeConformance} runs. */
export interface DescribeConformanceOptions {
  /** The provider, and what it has to be given. */
  readonly provider: SubjectOptions;
  /** The name of the block. Default `conformance`. */
  readonly name?: string;
  /** Only checks of these areas, such as `session`. Default: all. */
  readonly areas?: readonly string[];
  /** Ids of checks that are known to fail: each has to exist, and to fail. Default: none. */
  readonly knownFailures?: readonly string[];
  /** A recommendation that is not followed fails. Default false. */
  readonly strict?: boolean;
  /** For random values. Default 1. */
  readonly seed?: number;
  /** Limits in milliseconds. */
  readonly timeouts?: Partial<SuiteTimes>;
}

/**
 * Defines one test for each check of the suite, by area.
 *
 * @throws RangeError for an area or a known failure that does not exist
 */
export function describeConformance(options: DescribeConformanceOptions): void {
  const { provider, name = "conformance", areas, knownFailures = [], strict = false, seed = 1 } = options;
  const times = { ...suiteTimes, ...options.timeouts };
  const checks = allChecks.filter((check) => areas?.includes(areaOf(check)) ?? true);
  const known = new Set(knownFailures);
  const unknown = knownFailures.filter((id) => !allChecks.some((check) => check.id === id));
  if (unknown.length > 0)
    throw new RangeError(`knownFailures: there is no check ${unknown.join(", no check ")}`);
  if (checks.length === 0) throw new RangeError(`areas: ${areas?.join(", ") ?? ""} hold no check`);
  describe(name, () => {
    let open: { subject: Subject; shared: SharedProvider; look: FirstLook } | undefined;
    const leaks: Leak[] = [];
    beforeAll(async () => {
      const subject = await Subject.open(provider, times);
      const look = await firstLook(subject, AbortSignal.timeout(times.startMs + times.checkMs));
      open = { subject, look, shared: new SharedProvider(subject) };
      if (look.startFailure !== undefined) throw new Error(look.startFailure);
    }, times.startMs * 2);
    afterAll(async () => {
      await open?.shared.discard();
      await open?.subject.close();
    }, 30_000);

    for (const [area, group] of byArea(checks))
      describe(area, () => {
        // What follows is about all that the providers before it have left.
        if (group.some(({ last }) => last === true))
          beforeAll(async () => void leaks.push(...((await open?.shared.end()) ?? [])), 30_000);
        it.for(group.map((check) => [check.id, check] as const))(
          "%s",
          // The suite's own limit is to come first: it says what the check was at.
          { timeout: times.checkMs * 2 + 60_000 },
          async ([, check], { skip, signal }) => {
            if (open === undefined) throw new Error("the provider was not started");
            const { subject, shared, look } = open;
            const profile = profileOf(subject, look);
            const result = await runCheck(check, { subject, shared, profile, seed, signal, leaks });
            if (result.verdict === "skipped") skip(result.reason);
            const isRed = !(result.verdict === "passed" || (result.verdict === "warned" && !strict));
            if (!known.has(check.id)) {
              if (isRed) throw new Error(describeResult(result));
              return;
            }
            if (!isRed) throw new Error(`${check.id} is in knownFailures and passes: remove it there`);
            skip(`known: ${describeResult(result)}`);
          },
        );
      });
  });
}

/** What has to come last has a group of its own. */
function byArea(checks: readonly Check[]): Map<string, Check[]> {
  const areas = new Map<string, Check[]>();
  const last = checks.filter((check) => check.last === true);
  for (const check of checks.filter((one) => one.last !== true))
    areas.set(areaOf(check), [...(areas.get(areaOf(check)) ?? []), check]);
  if (last.length > 0) areas.set("once all is over", last);
  return areas;
}

function describeResult({
  verdict,
  title,
  differences,
  reason,
  blockedBy,
  cause,
  mend,
}: CheckResult): string {
  return [
    `${verdict}: ${title}`,
    ...differences.map(({ requirement, text }) => `${requirement}: ${text}`),
    ...(reason === undefined ? [] : [reason]),
    ...(blockedBy === undefined ? [`usually: ${cause}`, `mend: ${mend}`] : [`first mend ${blockedBy}`]),
  ].join("\n");
}
