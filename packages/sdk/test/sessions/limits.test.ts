import { describe, expect, it } from "vitest";
import { resolveLimits, type SessionLimits } from "../../src/sessions/limits.js";

describe("limits", () => {
  it.each<[string, SessionLimits, string]>([
    [
      "a negative time",
      { createTimeoutMs: -1 },
      "limits.createTimeoutMs is -1; write a number from 0 on, or leave it out",
    ],
    [
      "no number",
      { stopTimeoutMs: Number.NaN },
      "limits.stopTimeoutMs is NaN; write a number from 0 on, or leave it out",
    ],
    [
      "a text",
      { readyTimeoutMs: "5s" as unknown as number },
      "limits.readyTimeoutMs is 5s; write a number from 0 on",
    ],
    [
      "no end",
      { destroyTimeoutMs: Infinity },
      "limits.destroyTimeoutMs is Infinity; write a number from 0 on",
    ],
    ["no sessions", { maxSessions: 0 }, "limits.maxSessions is 0; write a number from 1 on, or leave it out"],
    ["no life", { lifetimeMs: 0 }, "limits.lifetimeMs is 0; write a number from 1 on, or leave it out"],
    ["no pause between looks", { watchEveryMs: 0 }, "limits.watchEveryMs is 0; write a number from 1 on"],
    ["no attempt", { retry: { attempts: 0 } }, "limits.retry.attempts is 0; write a number from 1 on"],
    ["no place for a call", { rate: { parallel: 0 } }, "limits.rate.parallel is 0; write a number from 1 on"],
    [
      "no rate",
      { rate: { perSecond: 0 } },
      "limits.rate.perSecond is 0; write a number more than 0, or leave it out",
    ],
  ])("that can't be are refused by name: %s", (_, limits, message) => {
    expect(() => resolveLimits({}, limits)).toThrow(message);
  });

  it("of the backend win over those of the provider, and the backend's longest life over both", () => {
    const resolved = resolveLimits(
      { maxLifetimeMs: 500 },
      { maxSessions: 5, lifetimeMs: 900 },
      { maxSessions: 7 },
    );
    expect(resolved).toMatchObject({ maxSessions: 7, lifetimeMs: 500, readyTimeoutMs: 60_000 });
  });

  it("of the rate are there where guests outlive the provider, or one is set", () => {
    expect(resolveLimits()).not.toHaveProperty("rate");
    expect(resolveLimits({ outlivesProvider: true }).rate).toEqual({
      perSecond: 20,
      burst: 40,
      parallel: 32,
    });
    expect(resolveLimits({}, { rate: { perSecond: 0.5 } }).rate).toEqual({
      perSecond: 0.5,
      burst: 40,
      parallel: 32,
    });
  });
});
