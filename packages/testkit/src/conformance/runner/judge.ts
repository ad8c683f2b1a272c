import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { HostError } from "../../host/host-error.js";
import type { HostCall } from "../../host/trace.js";
import type { Check } from "../check/check.js";
import type { Difference } from "../check/expectations.js";
import { CheckBlocked, CheckFailed, MissingPrerequisite } from "../check/outcome.js";
import { show } from "../check/show.js";
import { requirement } from "../requirements/index.js";
import type { CheckResult } from "./result.js";

export type Judgement = Pick<CheckResult, "verdict" | "differences" | "reason" | "blockedBy">;

/** The level at which a check stands: its own word, or that of its first requirement. */
export function levelOf(check: Check): "MUST" | "SHOULD" {
  return check.level ?? weight(requirement(check.requirements[0]).level);
}

/** What a check comes to: its differences, and what it threw, if anything. */
export function judge(
  check: Check,
  differences: readonly Difference[],
  thrown: { readonly error: unknown } | undefined,
  calls: readonly HostCall[],
): Judgement {
  const found =
    thrown === undefined ? differences : [...differences, ...fromThrown(check, thrown.error, calls)];
  if (found.length > 0) {
    const must = found.some((difference) => levelOfDifference(check, difference) === "MUST");
    return { verdict: must ? "failed" : "warned", differences: found };
  }
  if (thrown === undefined) return { verdict: "passed", differences: [] };
  const { error } = thrown;
  if (error instanceof CheckBlocked)
    return { verdict: "blocked", differences: [], reason: error.message, blockedBy: error.by };
  return {
    verdict: "error",
    differences: [],
    reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

/** What was thrown because of the provider is a difference; anything else is the suite's own fault. */
function fromThrown(check: Check, error: unknown, calls: readonly HostCall[]): Difference[] {
  const [first] = check.requirements;
  if (error instanceof CheckFailed) return [];
  if (error instanceof MissingPrerequisite)
    return [{ requirement: first, text: `this machine lacks something: ${error.message}` }];
  if (error instanceof HostError) return [{ requirement: first, text: error.message }];
  if (error instanceof RuntimeProviderError) {
    const method = calls.findLast(({ outcome }) => outcome !== undefined && outcome.code !== "OK")?.method;
    const what = method ?? "a call";
    return [
      {
        requirement: first,
        text: `${what} failed with ${error.code}: ${show(error.message)}; it had to succeed`,
      },
    ];
  }
  return [];
}

function levelOfDifference(check: Check, difference: Difference): "MUST" | "SHOULD" {
  return check.level ?? weight(requirement(difference.requirement).level);
}

function weight(level: "MUST" | "SHOULD" | "HOST"): "MUST" | "SHOULD" {
  return level === "SHOULD" ? "SHOULD" : "MUST";
}
