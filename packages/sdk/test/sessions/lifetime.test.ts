import { describe, expect, it } from "vitest";
import { SessionLifetime } from "../../src/sessions/lifetime.js";
import { VirtualClock } from "./model/virtual-clock.js";

function subject(lifetimeMs?: number, drainLeadMs = 30_000) {
  const clock = new VirtualClock();
  const startedAtMs = clock.now();
  const seen = { expired: 0 };
  const lifetime = new SessionLifetime({
    clock,
    startedAtMs,
    ...(lifetimeMs !== undefined && { expiresAtMs: startedAtMs + lifetimeMs }),
    drainLeadMs,
    onExpired: () => (seen.expired += 1),
  });
  const after = (ms: number): Date => new Date(startedAtMs + ms);
  return { clock, lifetime, seen, after };
}

describe("a session's lifetime", () => {
  it("SESS-9: times that are not set are left out", () => {
    const { lifetime, after } = subject();
    expect(lifetime.describe()).toEqual({ startedAt: after(0) });
  });

  it("SESS-9: are in order, and the drain time is never before the middle", () => {
    expect(subject(600_000).lifetime.describe()).toMatchObject({
      recommendedDrainAt: subject().after(570_000),
    });
    expect(subject(10_000).lifetime.describe()).toMatchObject({ recommendedDrainAt: subject().after(5_000) });
  });

  it("SESS-12: ends by its own clock, also after more days than a timer can hold", async () => {
    const { clock, seen } = subject(40 * 86_400_000);
    await clock.advance(40 * 86_400_000 - 1);
    expect(seen.expired).toBe(0);
    await clock.advance(1);
    expect(seen.expired).toBe(1);
  });

  it("SESS-9: the backend may end it sooner, never later", async () => {
    const { clock, lifetime, seen, after } = subject(600_000);
    expect(lifetime.atMost(after(700_000))).toBe(false);
    expect(lifetime.atMost(undefined)).toBe(false);
    expect(lifetime.atMost(after(100_000))).toBe(true);
    expect(lifetime.describe()).toMatchObject({ expiresAt: after(100_000) });
    await clock.advance(100_000);
    expect(seen.expired).toBe(1);
    await clock.advance(700_000);
    expect(seen.expired).toBe(1);
  });

  it("stops its clock with the session", () => {
    const { clock, lifetime } = subject(600_000);
    lifetime.end();
    expect(clock.waiting).toBe(0);
  });
});
