import type { JsonObject, SessionLimits } from "@gestalt-runtime/sdk";

/** The operator's configuration as `config.schema.json` lets it through, defaults filled in. */
export interface ProcessRuntimeConfig {
  readonly stateDir?: string;
  readonly workingDirectory?: string;
  readonly isolation: "required" | "auto" | "none";
  readonly readOnlyPaths: readonly string[];
  readonly containment: "auto" | "pid-namespace" | "process-group";
  readonly maxSessions: number;
  readonly sessionLifetimeMs?: number;
  readonly drainLeadMs: number;
  readonly readyTimeoutMs: number;
  readonly stopGraceMs: number;
  readonly unclaimedTimeoutMs: number;
}

/** Trusts the schema, which the SDK has checked before. */
export function readConfig(config: JsonObject): ProcessRuntimeConfig {
  return config as unknown as ProcessRuntimeConfig;
}

export function sessionLimits(config: ProcessRuntimeConfig): SessionLimits {
  const { maxSessions, sessionLifetimeMs, drainLeadMs, readyTimeoutMs, unclaimedTimeoutMs } = config;
  return {
    maxSessions,
    drainLeadMs,
    readyTimeoutMs,
    unclaimedTimeoutMs,
    ...(sessionLifetimeMs !== undefined && { lifetimeMs: sessionLifetimeMs }),
  };
}
