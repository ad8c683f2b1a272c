import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { PluginRuntimeSessionLifecycle } from "@gestalt-runtime/sdk/protocol";
import type { ResolvedPool } from "./pool-options.js";

export interface ReplacementRule {
  readonly pool: ResolvedPool;
  /** Hosts from 2026-04-30 leave themselves time; the documented one replaces when the time has come. */
  readonly early: boolean;
  /** What an early host adds to the times that it needs (SESS-9). */
  readonly marginMs: number;
}

/**
 * When a session is to be replaced: at the earlier of `recommended_drain_at` and `expires_at`, an early host's own
 * times before that (SESS-9). Undefined where the session names neither.
 *
 * @returns milliseconds since 1970
 */
export function replaceAtMs(
  lifecycle: PluginRuntimeSessionLifecycle | undefined,
  { pool, early, marginMs }: ReplacementRule,
): number | undefined {
  const times = [lifecycle?.recommendedDrainAt, lifecycle?.expiresAt].flatMap((time) =>
    time === undefined ? [] : [timestampMs(time)],
  );
  if (times.length === 0) return undefined;
  const { startupTimeoutMs, drainTimeoutMs, healthCheckIntervalMs } = pool;
  const needed = startupTimeoutMs + drainTimeoutMs + healthCheckIntervalMs + marginMs;
  return Math.min(...times) - (early ? needed : 0);
}

/** The earlier of two times: once seen, it is never moved later (SESS-9). */
export function earlier(known: number | undefined, seen: number | undefined): number | undefined {
  if (known === undefined || seen === undefined) return known ?? seen;
  return Math.min(known, seen);
}
