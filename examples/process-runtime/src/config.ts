import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject, SessionLimits } from "@gestalt-runtime/sdk";

/** The operator's configuration as `config.schema.json` lets it through, defaults filled in. */
export interface ProcessRuntimeConfig {
  readonly stateDir?: string;
  readonly workingDirectory?: string;
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

/** Longer than this, a socket below it might not fit its 107 bytes (DIAL-2). */
const maxStateDirBytes = 60;

/** One directory per user and provider name; in /tmp where the temporary directory's path is long. */
export function defaultStateDir(providerName: string): string {
  const uid = process.getuid?.() ?? 0;
  const name = `gst-${uid}-${providerName.replace(/[^\w.-]/g, "_").slice(0, 20)}`;
  const preferred = join(tmpdir(), name);
  return Buffer.byteLength(preferred) <= maxStateDirBytes ? preferred : join("/tmp", name);
}
