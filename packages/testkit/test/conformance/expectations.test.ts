import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { describe, expect, it } from "vitest";
import { createExpect, type Difference, type Expect } from "../../src/conformance/check/expectations.js";
import { CheckFailed } from "../../src/conformance/check/outcome.js";
import { show } from "../../src/conformance/check/show.js";

function collecting(): { t: Expect; differences: Difference[] } {
  const differences: Difference[] = [];
  return { t: createExpect("SESS-8", differences), differences };
}

const refusal = (code: ConstructorParameters<typeof RuntimeProviderError>[0], message: string) =>
  Promise.reject(new RuntimeProviderError(code, message));

describe("expectations", () => {
  it("note what does not hold, for the check's requirement or another one, and go on", () => {
    const { t, differences } = collecting();
    expect(t(true, "never")).toBe(true);
    expect(t(false, "one")).toBe(false);
    expect(t(false, "two", "SESS-9")).toBe(false);
    expect(differences).toEqual([
      { requirement: "SESS-8", text: "one" },
      { requirement: "SESS-9", text: "two" },
    ]);
  });

  it("compare by value", () => {
    const { t, differences } = collecting();
    expect(t.equal("the list", [{ a: 1 }], [{ a: 1 }])).toBe(true);
    expect(t.equal("the list", [{ a: 1 }], [{ a: 2 }], "SESS-9")).toBe(false);
    expect(t.equal("the number", "1", 1)).toBe(false);
    expect(differences).toEqual([
      { requirement: "SESS-9", text: "the list is [ { a: 1 } ]; expected [ { a: 2 } ]" },
      { requirement: "SESS-8", text: 'the number is "1"; expected 1' },
    ]);
  });

  it("demand a refusal with its code, or one of several", async () => {
    const { t, differences } = collecting();
    const thrown = await t.refused("the call", refusal("NOT_FOUND", "no s-1"), "NOT_FOUND", {
      naming: ["s-1"],
    });
    expect(thrown).toMatchObject({ code: "NOT_FOUND", message: "no s-1" });
    await t.refused("the call", refusal("ABORTED", "x"), ["NOT_FOUND", "ABORTED"]);
    expect(differences).toEqual([]);
  });

  it("note a wrong code, what the message does not name, and an answer in place of a refusal", async () => {
    const { t, differences } = collecting();
    await t.refused("A", refusal("INTERNAL", "oh"), ["NOT_FOUND", "ABORTED"], {
      naming: ["s-1"],
      requirement: "SESS-9",
    });
    expect(await t.refused("B", Promise.resolve(7), "NOT_FOUND")).toBe(undefined);
    expect(await t.refused("C", Promise.resolve(7), "NOT_FOUND", { requirement: "SESS-9" })).toBe(undefined);
    await t.refused("D", Promise.resolve(7), ["NOT_FOUND", "ABORTED"]);
    expect(differences).toEqual([
      { requirement: "SESS-9", text: 'A failed with INTERNAL ("oh"); expected NOT_FOUND or ABORTED' },
      { requirement: "SESS-9", text: 'A was refused with a message that does not name "s-1": "oh"' },
      { requirement: "SESS-8", text: "B was answered with OK; expected NOT_FOUND" },
      { requirement: "SESS-9", text: "C was answered with OK; expected NOT_FOUND" },
      { requirement: "SESS-8", text: "D was answered with OK; expected NOT_FOUND or ABORTED" },
    ]);
  });

  it("give an answer through, and end the check where there is none", async () => {
    const { t, differences } = collecting();
    expect(await t.answered("A", Promise.resolve(7))).toBe(7);
    await expect(t.answered("B", refusal("INTERNAL", "oh"), "SESS-9")).rejects.toThrow(CheckFailed);
    await expect(t.answered("C", refusal("INTERNAL", "oh"))).rejects.toThrow('C failed with INTERNAL: "oh"');
    expect(differences).toEqual([
      { requirement: "SESS-9", text: 'B failed with INTERNAL: "oh"; it had to succeed' },
      { requirement: "SESS-8", text: 'C failed with INTERNAL: "oh"; it had to succeed' },
    ]);
  });

  it("pass on what is no status: that is the suite's own fault", async () => {
    const { t, differences } = collecting();
    const bug = new TypeError("x is not a function");
    await expect(t.refused("A", Promise.reject(bug), "NOT_FOUND")).rejects.toBe(bug);
    await expect(t.answered("A", Promise.reject(bug))).rejects.toBe(bug);
    expect(differences).toEqual([]);
  });

  it("end a check at once", () => {
    const { t, differences } = collecting();
    expect(() => t.fail("no use", "SESS-9")).toThrow(new CheckFailed("no use"));
    expect(differences).toEqual([{ requirement: "SESS-9", text: "no use" }]);
  });
});

describe("a value in a report", () => {
  it.each([
    ["two\nlines", String.raw`"two\nlines"`],
    ["x".repeat(400), `"${"x".repeat(400)}"`],
    ["x".repeat(401), `"${"x".repeat(400)}…"`],
    [
      { b: { c: { d: { e: { f: { g: 1 } } } } }, a: undefined },
      "{ a: undefined, b: { c: { d: { e: { f: [Object] } } } } }",
    ],
    [{ long: "x".repeat(402) }, `{ long: '${"x".repeat(400)}'... 2 more characters }`],
  ])("%# is on one line and bounded", (value, shown) => {
    expect(show(value)).toBe(shown);
  });

  it("that is a long list is cut, and stays on its line", () => {
    const text = show(Array.from({ length: 100 }, (_, index) => `entry ${index}`));
    expect(text).toMatch(/^\[ .*'entry 19', \.\.\. 80 more items \]$/);
  });
});
