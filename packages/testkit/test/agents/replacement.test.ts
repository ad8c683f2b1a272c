import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { PluginRuntimeSessionLifecycleSchema } from "@gestalt-runtime/sdk/protocol";
import { describe, expect, it } from "vitest";
import { resolvePool } from "../../src/agents/index.js";
import { earlier, replaceAtMs } from "../../src/agents/replacement.js";

const pool = resolvePool({ startupTimeoutMs: 10_000, drainTimeoutMs: 2_000, healthCheckIntervalMs: 1_000 });
const lifecycle = (drainMs: number | undefined, expiresMs: number | undefined) =>
  create(PluginRuntimeSessionLifecycleSchema, {
    ...(drainMs === undefined ? {} : { recommendedDrainAt: timestampFromMs(drainMs) }),
    ...(expiresMs === undefined ? {} : { expiresAt: timestampFromMs(expiresMs) }),
  });

describe("SESS-9: when an instance is replaced", () => {
  const at = (drainMs: number | undefined, expiresMs: number | undefined, early = false) =>
    replaceAtMs(lifecycle(drainMs, expiresMs), { pool, early, marginMs: 5_000 });

  it("at the earlier of the two times, or never", () => {
    expect(at(100_000, 200_000)).toBe(100_000);
    expect(at(undefined, 200_000)).toBe(200_000);
    expect(at(100_000, undefined)).toBe(100_000);
    expect(at(undefined, undefined)).toBeUndefined();
    expect(replaceAtMs(undefined, { pool, early: false, marginMs: 5_000 })).toBeUndefined();
    // A zero timestamp is 1970.
    expect(at(undefined, 0)).toBe(0);
  });

  it("by an early host, its own times and 5 s before", () => {
    expect(at(100_000, 200_000, true)).toBe(100_000 - 18_000);
    expect(at(undefined, 200_000, true)).toBe(200_000 - 18_000);
  });

  it("never later than was seen once", () => {
    expect(earlier(undefined, undefined)).toBeUndefined();
    expect(earlier(5, undefined)).toBe(5);
    expect(earlier(undefined, 5)).toBe(5);
    expect(earlier(5, 9)).toBe(5);
    expect(earlier(9, 5)).toBe(5);
  });
});
