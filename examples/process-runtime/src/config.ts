import type { JsonObject, LogForwarderOptions, SessionLimits } from "@gestalt-runtime/sdk";
import type { ImagePlaces } from "./guests/images.js";
import type { Template } from "./guests/templates.js";
import type { PluginLimits } from "./limits/plugin-limits.js";
import type { ListenerFields } from "./listeners/listener-config.js";

/** The operator's configuration as `config.schema.json` lets it through, defaults filled in. */
export interface ProcessRuntimeConfig extends ImagePlaces {
  readonly stateDir?: string;
  readonly workingDirectory?: string;
  readonly isolation: "required" | "auto" | "none";
  readonly network: "private" | "auto" | "host";
  readonly readOnlyPaths: readonly string[];
  readonly containment: "auto" | "pid-namespace" | "process-group";
  readonly maxSessions: number;
  readonly sessionLifetimeMs?: number;
  readonly drainLeadMs: number;
  readonly readyTimeoutMs: number;
  readonly stopGraceMs: number;
  readonly unclaimedTimeoutMs: number;
  readonly imageBytes: number;
  readonly templates: Readonly<Record<string, Template>>;
  readonly limits: PluginLimits;
  readonly limitEnforcement: "required" | "auto";
  readonly cgroupParent?: string;
  readonly listener: ListenerFields;
  readonly logs: LogFields;
}

/** How plugins' output is brought to the host. */
export interface LogFields {
  readonly whenFull: "block" | "drop";
  readonly blockAtMostMs: number;
  readonly sessionBytes: number;
  readonly totalBytes: number;
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

export function logOptions({ logs }: ProcessRuntimeConfig): LogForwarderOptions {
  const { whenFull, ...bounds } = logs;
  return { fullBuffer: whenFull, ...bounds };
}
