import { describe, expect, it } from "vitest";
import { joinRounds } from "../../src/conformance/runner/repeat.js";
import type { CheckResult, Verdict } from "../../src/conformance/runner/result.js";
import type { RunOutcome } from "../../src/conformance/runner/run.js";
import { result } from "./results.js";

const round = (results: readonly CheckResult[], more: Partial<RunOutcome> = {}): RunOutcome => ({
  profile: {
    mode: "spawn",
    support: undefined,
    declares: { outlives: false, remote: false },
    hasInvalidConfig: false,
    isSelfContained: true,
  },
  look: { notices: ["of the first"] },
  results,
  interrupted: false,
  durationMs: 10,
  ...more,
});
const one = "session/a/one";
const two = "session/a/two";
const of = (...verdicts: Verdict[]): Verdict | undefined =>
  joinRounds(verdicts.map((verdict) => round([result(one, verdict)]))).results[0]?.verdict;

describe("several rounds", () => {
  it("come to the worst verdict of each check, in whatever order it came", () => {
    const order: Verdict[] = ["passed", "skipped", "warned", "blocked", "failed", "error"];
    order.forEach((worst, index) => {
      for (const better of order.slice(0, index)) {
        expect(of(better, worst, better)).toBe(worst);
        expect(of(worst, better)).toBe(worst);
      }
    });
  });

  it("keep the first of those results that are equally bad, in the first round's order", () => {
    const rounds = ["first", "second"].map((text) =>
      round([
        result(two, "passed"),
        result(one, "failed", { differences: [{ requirement: "SESS-8", text }] }),
      ]),
    );
    const { results } = joinRounds(rounds);
    expect(results.map(({ id }) => id)).toEqual([two, one]);
    expect(results[1]?.differences[0]?.text).toBe("first");
  });

  it("count the verdicts of checks whose verdict was not always the same, and of no others", () => {
    const { unsteady, rounds } = joinRounds([
      round([result(one, "passed"), result(two, "failed")]),
      round([result(one, "failed"), result(two, "failed")]),
      round([result(one, "passed")]),
    ]);
    expect(Object.fromEntries(unsteady)).toEqual({ [one]: { passed: 2, failed: 1 } });
    expect(rounds).toBe(3);
  });

  it("are as long as all together, and interrupted where one was", () => {
    const joined = joinRounds([
      round([]),
      round([], { interrupted: true, look: { notices: [] } }),
      round([]),
    ]);
    expect(joined).toMatchObject({ durationMs: 30, interrupted: true, look: { notices: ["of the first"] } });
    expect(joinRounds([round([])]).interrupted).toBe(false);
    expect(() => joinRounds([])).toThrow(new RangeError("it was to be run no times at all"));
  });
});
