import { describe, expect, it } from "vitest";
import { unprovenRequirements, requirements } from "../scripts/checks/requirements.mjs";
import { closingLine, countResults } from "../scripts/lib/ci-count.mjs";

const passed = { fullName: "a passes", status: "passed" };
const failed = { fullName: "a fails", status: "failed" };
const skipped = { fullName: "a is skipped", status: "skipped" };
const todo = { fullName: "a is to do", status: "todo" };
const checks = [
  { name: "format", ok: true, text: "" },
  { name: "lint", ok: true, text: "" },
];

function tests(...assertionResults: { fullName: string; status: string }[]) {
  const isBad = assertionResults.some(({ status }) => status === "failed");
  return {
    success: !isBad,
    numTotalTests: assertionResults.length,
    testResults: [{ name: "a.test.ts", status: isBad ? "failed" : "passed", assertionResults }],
  };
}

describe("CI's count", () => {
  it("adds tests and checks up", () => {
    const count = countResults(tests(passed, passed, skipped, todo), checks);
    expect(count).toEqual({ passed: 4, failed: 0, skipped: 2, faults: [] });
    expect(closingLine(count)).toBe("4 passed, 0 failed, 2 skipped");
  });

  it("is red for a failed test and for a failed check", () => {
    const red = [...checks, { name: "types", ok: false, text: "2 errors" }];
    expect(countResults(tests(passed, failed), red)).toEqual({
      passed: 3,
      failed: 2,
      skipped: 0,
      faults: ["a.test.ts: a fails", "check: types"],
    });
  });

  it.each([
    ["no report of the tests", undefined, checks, "the tests left no report"],
    ["a report of something else", { passed: 3 }, checks, "the tests left no report"],
    ["no test at all", { success: true, numTotalTests: 0, testResults: [] }, checks, "no test ran"],
    ["nothing but skipped tests", tests(skipped), checks, "no test ran"],
    ["no report of the checks", tests(passed), undefined, "the checks left no report"],
    ["no check at all", tests(passed), [], "no check ran"],
  ])("is red for %s", (_case, testReport, checkReport, fault) => {
    const count = countResults(testReport, checkReport);
    expect(count.failed).toBe(1);
    expect(count.faults).toEqual([fault]);
  });

  it("is red for a file that failed before its first test", () => {
    const broken = {
      success: false,
      numTotalTests: 1,
      testResults: [
        ...tests(passed).testResults,
        { name: "b.test.ts", status: "failed", message: "cannot import c", assertionResults: [] },
      ],
    };
    expect(countResults(broken, checks)).toEqual({
      passed: 3,
      failed: 1,
      skipped: 0,
      faults: ["b.test.ts failed outside of its tests: cannot import c"],
    });
  });

  it("is red for an error outside of all files", () => {
    const count = countResults({ ...tests(passed), success: false }, checks);
    expect(count.failed).toBe(1);
  });
});

describe("the requirements' gate", () => {
  const named = (ids: readonly string[], status = "passed") =>
    tests(...ids.map((id) => ({ fullName: `some room ${id}: does it`, status })));

  it("is green when passed tests name them all", () => {
    expect(unprovenRequirements(named(requirements))).toEqual([]);
  });

  it("counts neither tests that did not pass nor longer numbers", () => {
    const others = requirements.filter((id) => id !== "SESS-1");
    expect(others).toContain("SESS-10");
    expect(unprovenRequirements(named(others))).toEqual(["SESS-1"]);
    expect(unprovenRequirements(named(requirements, "skipped"))).toEqual(requirements);
  });
});
