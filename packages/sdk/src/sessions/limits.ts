import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/** Bounds and waits of a session. */
export interface SessionLimits {
  /** Live sessions at most; StartSession past it answers RESOURCE_EXHAUSTED. Default 1,000. */
  readonly maxSessions?: number;
  /** How long a session may live, then it is `stopped` with the reason `expired`. Default: the backend's `maxLifetimeMs`, else no end. */
  readonly lifetimeMs?: number;
  /** How long before its expiry a session recommends to be drained. Default 30,000, at most half of the lifetime. */
  readonly drainLeadMs?: number;
  /** How long `create` may take, with all repetitions. Default 300,000. */
  readonly createTimeoutMs?: number;
  /** How long StartSession waits for `create` before it answers `pending`. Default 100. */
  readonly startSessionWaitMs?: number;
  /** How long `restrict` may take. Default 60,000. */
  readonly restrictTimeoutMs?: number;
  /** How long `launch` and `adopt` may take. Default 60,000. */
  readonly launchTimeoutMs?: number;
  /** How long the plugin has, once launched, until it accepts gRPC connections (PLUG-4). Default 60,000. */
  readonly readyTimeoutMs?: number;
  /** How long one `destroy` may take before it is tried again. Default 10,000. */
  readonly destroyTimeoutMs?: number;
  /** How long preparing or removing a workspace may take. Default 600,000. */
  readonly workspaceTimeoutMs?: number;
  /** How long `inspect` may take. Default 10,000. */
  readonly inspectTimeoutMs?: number;
  /** How long `find` may take. Default 30,000. */
  readonly findTimeoutMs?: number;
  /** How long `check` may take. Default 10,000. */
  readonly checkTimeoutMs?: number;
  /** When StopSession answers at the latest; clean-up then goes on by itself (SESS-8). Default 2,500. */
  readonly stopTimeoutMs?: number;
  /** How long the sessions together have to end when the provider ends (PROC-6). Default 900. */
  readonly shutdownTimeoutMs?: number;
  /**
   * A session that no call has named this long after StartSession is stopped: its StartSession was cancelled
   * on the host's side while the answer was under way (SESS-13). Default 60,000; 0 for never.
   */
  readonly unclaimedTimeoutMs?: number;
  /** The same for a session that was found again after a restart (REC-1). Default 900,000; 0 for never. */
  readonly recoveredTimeoutMs?: number;
  /** How often a guest that says nothing by itself is inspected, and `check` is repeated. Default 15,000. */
  readonly watchEveryMs?: number;
  /** How often peers' guests and dead instances are looked for. Default 15,000. */
  readonly peersEveryMs?: number;
  /** How often the names of an egress plan are resolved again for `restrict`. Default 60,000; 0 for never. */
  readonly egressRefreshMs?: number;
  /** Repetitions of calls that fail with a `retryable` error. `destroy` is repeated until the guest is gone. */
  readonly retry?: RetryLimits;
  /** One limit for all calls of the backend. Default: none, unless guests outlive the provider. */
  readonly rate?: RateLimits;
}

/** How a call is repeated that failed with a `retryable` error. */
export interface RetryLimits {
  /** Tries in all. Default 5. */
  readonly attempts?: number;
  /** The first pause; it doubles up to `maxMs`, and a quarter of it is chance. Default 250. */
  readonly firstMs?: number;
  /** Default 15,000. */
  readonly maxMs?: number;
}

/** Calls wait for their turn; those of `destroy` go first and have places of their own. */
export interface RateLimits {
  /** Default 20. */
  readonly perSecond?: number;
  /** Calls that may begin at once after a quiet time. Default 40. */
  readonly burst?: number;
  /** Calls under way at a time, and as many of `destroy`. Default 32. */
  readonly parallel?: number;
}

type Optional = "lifetimeMs" | "rate" | "retry";

/** All limits with a value; only the lifetime and the rate may have none. */
export type ResolvedLimits = Required<Omit<SessionLimits, Optional>> & {
  readonly lifetimeMs?: number;
  readonly retry: Required<RetryLimits>;
  readonly rate?: Required<RateLimits>;
};

const defaults = {
  maxSessions: 1_000,
  drainLeadMs: 30_000,
  createTimeoutMs: 300_000,
  startSessionWaitMs: 100,
  restrictTimeoutMs: 60_000,
  launchTimeoutMs: 60_000,
  readyTimeoutMs: 60_000,
  destroyTimeoutMs: 10_000,
  workspaceTimeoutMs: 600_000,
  inspectTimeoutMs: 10_000,
  findTimeoutMs: 30_000,
  checkTimeoutMs: 10_000,
  stopTimeoutMs: 2_500,
  shutdownTimeoutMs: 900,
  unclaimedTimeoutMs: 60_000,
  recoveredTimeoutMs: 900_000,
  watchEveryMs: 15_000,
  peersEveryMs: 15_000,
  egressRefreshMs: 60_000,
} satisfies SessionLimits;

const retryDefaults: Required<RetryLimits> = { attempts: 5, firstMs: 250, maxMs: 15_000 };
const rateDefaults: Required<RateLimits> = { perSecond: 20, burst: 40, parallel: 32 };

/** The smallest values that make sense; what is not named here may be anything from 0 on. */
const least: Readonly<Record<string, number>> = {
  maxSessions: 1,
  lifetimeMs: 1,
  watchEveryMs: 1,
  peersEveryMs: 1,
  "retry.attempts": 1,
  "rate.burst": 1,
  "rate.parallel": 1,
};

/** @throws {@link RuntimeProviderError} INVALID_ARGUMENT naming the limit, its fault and its range */
function assertLimits(limits: object, prefix = ""): void {
  for (const [key, value] of Object.entries(limits) as [string, unknown][]) {
    const name = `${prefix}${key}`;
    if (typeof value === "object" && value !== null) {
      assertLimits(value, `${name}.`);
      continue;
    }
    const isRate = name === "rate.perSecond";
    const fits =
      typeof value === "number" &&
      Number.isFinite(value) &&
      (isRate ? value > 0 : value >= (least[name] ?? 0));
    if (fits) continue;
    const range = isRate ? "more than 0" : `from ${least[name] ?? 0} on`;
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      `limits.${name} is ${String(value)}; write a number ${range}, or leave it out`,
    );
  }
}

/** What the limits depend on besides what was given. */
export interface LimitFacts {
  readonly maxLifetimeMs?: number;
  readonly outlivesProvider?: boolean;
}

/**
 * Fills in the defaults; later ones of `given` win.
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT for a value that can't be
 */
export function resolveLimits(
  facts: LimitFacts = {},
  ...given: (SessionLimits | undefined)[]
): ResolvedLimits {
  const { lifetimeMs, retry, rate, ...rest } = Object.assign({}, ...given) as SessionLimits;
  const lifetime = Math.min(lifetimeMs ?? Infinity, facts.maxLifetimeMs ?? Infinity);
  const limited = rate !== undefined || facts.outlivesProvider === true;
  const resolved = {
    ...defaults,
    ...withoutUndefined(rest),
    retry: { ...retryDefaults, ...withoutUndefined(retry ?? {}) },
    ...(lifetime !== Infinity && { lifetimeMs: lifetime }),
    ...(limited && { rate: { ...rateDefaults, ...withoutUndefined(rate ?? {}) } }),
  };
  assertLimits(resolved);
  return resolved;
}

function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const defined = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as { [K in keyof T]: Exclude<T[K], undefined> };
}
