import type { ConditionName } from "../check/conditions.js";

/** The parts of the contract, each with its checks in a folder of that name. */
export const areas = [
  "process",
  "lifecycle",
  "support",
  "session",
  "binding",
  "plugin",
  "dial",
  "egress",
  "logs",
  "recovery",
  "workspace",
] as const;

/** One part of the contract. */
export type Area = (typeof areas)[number];

/**
 * How much hangs on it: `MUST` is what the host relies on, `SHOULD` what operators expect, `HOST` what the host
 * does by itself and a provider has to live with.
 */
export type Level = "MUST" | "SHOULD" | "HOST";

/** One rule of the contract between gestaltd and a runtime provider, as data. */
export interface Requirement {
  /** Stable, such as `SESS-8`: tests, checks and error texts cite it. */
  readonly id: string;
  /** The strongest word in it; a check of a weaker part says so itself. */
  readonly level: Level;
  /** Where its checks are. */
  readonly area: Area;
  /** What is demanded, for people. */
  readonly text: string;
  /** When it means something; absent: always. All must hold. */
  readonly when?: readonly ConditionName[];
  /** Why no check of a provider can decide it; absent where there is at least one. */
  readonly noCheck?: string;
}
