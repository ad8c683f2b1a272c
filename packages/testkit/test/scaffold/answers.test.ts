import { describe, expect, it } from "vitest";
import { displayNameOf, nameFault, nameOfFolder } from "../../src/scaffold/answers.js";

describe("a new package's name", () => {
  it.each(["my-runtime", "x", "a1-b2"])("may be %s", (name) => {
    expect(nameFault(name)).toBeUndefined();
  });

  const rule = "it must be lower-case letters and digits, with dashes between";
  it.each([
    ["My Runtime", `${rule}; write my-runtime`],
    ["@acme/runtime", `${rule}; write acme-runtime`],
    ["2fast", `${rule}; write fast`],
    ["runtime_", `${rule}; write runtime`],
    ["../up", `${rule}; write up`],
    ["x".repeat(41), "it has 41 characters; take at most 40"],
    ["", "it is no name; write lower-case letters and digits, with dashes between, such as my-runtime"],
    ["--", "it is no name; write lower-case letters and digits, with dashes between, such as my-runtime"],
  ])("may not be %j", (name, fault) => {
    expect(nameFault(name)).toBe(fault);
  });

  it("is the folder's, as far as that is one, and is read by people without dashes", () => {
    expect(nameOfFolder("/work/Acme Runtime")).toBe("acme-runtime");
    expect(nameOfFolder("/123")).toBe("my-runtime");
    expect(displayNameOf("acme-cloud-runtime")).toBe("Acme cloud runtime");
  });
});
