import type { Area } from "../requirements/index.js";
import type { CheckContext } from "./context.js";
import type { ConditionName } from "./conditions.js";

/** One question to a provider, small enough that its failure says what to mend. */
export interface Check {
  /** Stable, for baselines and filters: `area/what-is-called/behaviour`, in lower case. */
  readonly id: string;
  /** What holds when it passes, in one sentence without a full stop. */
  readonly title: string;
  /** The requirements that it proves, the first of them the one that differences belong to by default. */
  readonly requirements: readonly [string, ...string[]];
  /** Only where it is about the weaker part of its requirement. Default: the requirement's own level. */
  readonly level?: "MUST" | "SHOULD";
  /** Conditions beyond those of its requirements. */
  readonly needs?: readonly ConditionName[];
  /** Conditions of its requirements that it does not depend on. */
  readonly waives?: readonly ConditionName[];
  /**
   * `own`: a fresh process of the provider. `shared`: a configured one that other checks use before and after, for
   * questions that leave a provider as they found it; it saves a start-up. Default `own`.
   */
  readonly instance?: "own" | "shared";
  /** Runs while no other check does: it measures, or it loads the machine. */
  readonly alone?: true;
  /** Runs when all others have and their providers have ended: what those left (`t.leaks`) is its question. */
  readonly last?: true;
  /** Milliseconds for the whole check, where the run's own limit is too short. */
  readonly timeoutMs?: number;
  /** Why providers fail it, for the docs: the usual mistake. */
  readonly cause: string;
  /** What to do about it. */
  readonly mend: string;
  readonly run: (t: CheckContext) => Promise<void>;
}

/** The checks of one area, in the order in which they run. */
export interface CheckArea {
  readonly area: Area;
  readonly checks: readonly Check[];
}

/** Gives a check its type; the file of each check calls it. */
export function defineCheck(check: Check): Check {
  return check;
}

export function areaOf(check: Check): Area {
  return check.id.slice(0, check.id.indexOf("/")) as Area;
}
