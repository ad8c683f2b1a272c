import type { SessionLimits } from "./backend.js";

type Optional = "lifetimeMs";

/** All limits with a value; only the lifetime may have none. */
export type ResolvedLimits = Required<Omit<SessionLimits, Optional>> & Pick<SessionLimits, Optional>;

const defaults: ResolvedLimits = {
  maxSessions: 1_000,
  drainLeadMs: 30_000,
  createTimeoutMs: 300_000,
  startSessionWaitMs: 100,
  launchTimeoutMs: 60_000,
  readyTimeoutMs: 60_000,
  stopTimeoutMs: 2_500,
  shutdownTimeoutMs: 900,
  unclaimedTimeoutMs: 60_000,
};

/** Fills in the defaults; later ones of `given` win. */
export function resolveLimits(...given: (SessionLimits | undefined)[]): ResolvedLimits {
  return Object.assign({}, defaults, ...given) as ResolvedLimits;
}
