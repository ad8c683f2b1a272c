import { describe, expect, it } from "vitest";
import { parseParams } from "../../src/console/params.js";

describe("parameters as they are typed", () => {
  it.each([
    ["", {}],
    ["  ", {}],
    ['{"a": [1, 2]}', { a: [1, 2] }],
    ["a=1 b=true c=null d=text", { a: 1, b: true, c: null, d: "text" }],
    ['a="x y"  b=\'x "y" z\' c=', { a: "x y", b: 'x "y" z', c: "" }],
    ['a={"b": [1, 2]} c=[1, {"d": "e f"}]', { a: { b: [1, 2] }, c: [1, { d: "e f" }] }],
    ['url=https://x/?q=1 quoted="a \\" b"', { url: "https://x/?q=1", quoted: 'a " b' }],
  ])("%j", (text, params) => {
    expect(parseParams(text)).toEqual(params);
  });

  it.each([
    ["a", '"a" is no parameter; write name=value, or all of them as one JSON object'],
    ["=1", '"=1" is no parameter; write name=value, or all of them as one JSON object'],
    ['a="x y', 'a quote is not closed: a="x y; end it with "'],
    ["{a: 1}", /^the parameters are no JSON: /],
    ["{} {}", /^the parameters are no JSON: /],
  ])("refuses %j", (text, message) => {
    expect(() => parseParams(text)).toThrow(message);
  });
});
