import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { describe, expect, it } from "vitest";
import { defineCheck, type Check } from "../../src/conformance/check/check.js";
import { CheckBlocked, CheckFailed, MissingPrerequisite } from "../../src/conformance/check/outcome.js";
import { judge, levelOf } from "../../src/conformance/runner/judge.js";
import { HostError } from "../../src/host/host-error.js";
import type { HostCall } from "../../src/host/trace.js";
import { call } from "./results.js";

const of = (requirements: Check["requirements"], level?: Check["level"]): Check =>
  defineCheck({
    id: "session/a/b",
    title: "it holds",
    requirements,
    ...(level && { level }),
    cause: "A mistake.",
    mend: "Mend it.",
    run: () => Promise.resolve(),
  });
const must = of(["SESS-8", "LOGS-1"]);
const should = of(["LOGS-1", "SESS-8"]);
const differs = (requirement: string) => [{ requirement, text: "wrong" }];
const judged = (
  error: unknown,
  calls: readonly HostCall[] = [],
  differences = [] as ReturnType<typeof differs>,
) => judge(must, differences, { error }, calls);

describe("the level of a check", () => {
  it.each([
    [must, "MUST"],
    [should, "SHOULD"],
    [of(["SESS-8"], "SHOULD"), "SHOULD"],
    [of(["LOGS-1"], "MUST"), "MUST"],
    [of(["LIFE-7"]), "MUST"],
  ])(
    "%#: is its own word, or its first requirement's; what the host does by itself has to be lived with",
    (one, level) => {
      expect(levelOf(one)).toBe(level);
    },
  );
});

describe("a judgement", () => {
  it("passes what found and threw nothing", () => {
    expect(judge(must, [], undefined, [])).toEqual({ verdict: "passed", differences: [] });
  });

  it.each([
    [must, differs("SESS-8"), "failed"],
    [must, differs("LOGS-1"), "warned"],
    [must, [...differs("LOGS-1"), ...differs("SESS-8")], "failed"],
    [should, differs("LOGS-1"), "warned"],
    [should, differs("SESS-8"), "failed"],
    [of(["SESS-8"], "SHOULD"), differs("SESS-8"), "warned"],
    [of(["LOGS-1"], "MUST"), differs("LOGS-1"), "failed"],
  ])(
    "%#: fails for a MUST, warns for a SHOULD, by what the differences name",
    (one, differences, verdict) => {
      expect(judge(one, differences, undefined, [])).toEqual({ verdict, differences });
    },
  );

  it("keeps what was found before the check was ended", () => {
    expect(judged(new CheckFailed("x"), [], differs("SESS-8"))).toEqual({
      verdict: "failed",
      differences: differs("SESS-8"),
    });
    expect(judged(new TypeError("bug"), [], differs("SESS-8"))).toEqual({
      verdict: "failed",
      differences: differs("SESS-8"),
    });
  });

  it.each([
    [new MissingPrerequisite("no bwrap"), "this machine lacks something: no bwrap"],
    [new HostError("dial-timeout", "it was not reached"), "it was not reached"],
    [new RuntimeProviderError("INTERNAL", "oh"), 'a call failed with INTERNAL: "oh"; it had to succeed'],
  ])("takes %s for the provider's or the machine's", (error, text) => {
    expect(judged(error)).toEqual({ verdict: "failed", differences: [{ requirement: "SESS-8", text }] });
  });

  it("names the last call that failed", () => {
    const failed = { outcome: { code: "INTERNAL", message: "oh" } } as const;
    const { outcome, ...inFlight } = call("D/Last");
    expect(outcome?.code).toBe("OK");
    const calls = [call("A/First", failed), call("B/Second", failed), call("C/Good"), inFlight];
    expect(judged(new RuntimeProviderError("INTERNAL", "oh"), calls).differences[0]?.text).toMatch(
      /^B\/Second failed with INTERNAL/,
    );
  });

  it("is blocked by what the check relied on", () => {
    expect(judged(new CheckBlocked("session/a/c", "no session"))).toEqual({
      verdict: "blocked",
      differences: [],
      reason: "no session",
      blockedBy: "session/a/c",
    });
  });

  it("takes anything else for a fault of the suite, with the place where it happened", () => {
    const bug = new TypeError("x is not a function");
    expect(judged(bug)).toEqual({ verdict: "error", differences: [], reason: bug.stack });
    expect(judged(Object.assign(new Error("bare"), { stack: undefined }))).toMatchObject({ reason: "bare" });
    expect(judged("a text")).toMatchObject({ verdict: "error", reason: "a text" });
  });
});
