import { describe, expect, it } from "vitest";
import { markup } from "../../../src/conformance/reports/html/markup.js";
import { escaped, hostile } from "./hostile.js";

describe("markup", () => {
  it("escapes what stands in it, in texts and attributes, and takes markup as it is", () => {
    expect(markup`<a title="${hostile}">${[hostile, markup`<b>${1}</b>`, undefined]}</a>`.text).toBe(
      `<a title="${escaped}">${escaped}<b>1</b></a>`,
    );
  });

  it.each([
    ["\u001b[31mred\u001b[0m", "red"],
    ["a\u0000b\u0007c", "a\u2400b\u2407c"],
    ["one\r\n\ttwo", "one\n\ttwo"],
    ["abc\u202edef\u200b\u2066", "abc\\u{202e}def\\u{200b}\\u{2066}"],
  ])("shows %j as %j: nothing is hidden or turned around", (text, shown) => {
    expect(markup`${text}`.text).toBe(shown);
  });
});
