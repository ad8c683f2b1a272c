import type { HostCall, HostEventRecord } from "../../host/trace.js";
import type { Difference } from "../check/expectations.js";
import type { Area } from "../requirements/index.js";

/**
 * `warned`: a SHOULD does not hold. `skipped`: it does not apply to this profile or run mode. `blocked`: what it
 * relies on failed, so nobody can tell. `error`: the suite itself is at fault.
 */
export type Verdict = "passed" | "failed" | "warned" | "skipped" | "blocked" | "error";

export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly area: Area;
  readonly requirements: readonly string[];
  readonly level: "MUST" | "SHOULD";
  readonly verdict: Verdict;
  /** What is not as it must be; for `failed` and `warned`. */
  readonly differences: readonly Difference[];
  /** Why it was skipped, is blocked, or what went wrong with the suite. */
  readonly reason?: string;
  /** The check whose question stands in the way; for `blocked`. */
  readonly blockedBy?: string;
  /** Of the usual mistake. */
  readonly cause: string;
  readonly mend: string;
  readonly durationMs: number;
  /** The host's calls, in order. */
  readonly calls: readonly HostCall[];
  readonly events: readonly HostEventRecord[];
  /** The host's log of each session, by the session's id. */
  readonly logs: Readonly<Record<string, readonly string[]>>;
  /** The end of each provider's stderr. */
  readonly stderr: readonly string[];
  /** What was found when it was over and had to be removed by the suite. */
  readonly leftBehind: readonly string[];
  /** Checks that have to run before this one to repeat what it found. Default: none. */
  readonly repeatWith?: readonly string[];
  /** Clean-up that could not be done. */
  readonly cleanUpFaults: readonly string[];
}
