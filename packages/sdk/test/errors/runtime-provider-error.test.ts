import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { RuntimeProviderError, type ErrorCode } from "../../src/index.js";
import { statusDetails } from "../../src/errors/details.js";

describe("RuntimeProviderError", () => {
  it("has a code for each gRPC status but OK, and knows its number", () => {
    const codes = Object.keys(status).filter((name) => Number.isNaN(Number(name)) && name !== "OK");
    expect(codes).toHaveLength(16);
    for (const code of codes)
      expect(new RuntimeProviderError(code as ErrorCode, "x").status).toBe(status[code as ErrorCode]);
  });

  it("from: leaves its own kind as it is", () => {
    const error = new RuntimeProviderError("ABORTED", "x");
    expect(RuntimeProviderError.from(error, "StartSession")).toBe(error);
  });

  it.each([
    new Error("plain"),
    Object.assign(new Error("x"), { code: 0, details: "OK is no error" }),
    Object.assign(new Error("x"), { code: 99, details: "no such status" }),
    Object.assign(new Error("a number alone proves nothing"), { code: 5 }),
    Object.assign(new Error("ECONNREFUSED"), { code: "ECONNREFUSED" }),
    "text",
    undefined,
    Symbol("s"),
  ])("from: %s becomes UNKNOWN, and stays the cause", (thrown) => {
    const error = RuntimeProviderError.from(thrown, "StartSession");
    expect(error.code).toBe("UNKNOWN");
    expect(error.message).toMatch(/^StartSession: ./);
    expect(error.cause).toBe(thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe("RuntimeProviderError");
  });

  it("from: keeps the status that a gRPC call ended with", () => {
    const thrown = Object.assign(new Error("14 UNAVAILABLE: no"), {
      code: status.UNAVAILABLE,
      details: "no",
    });
    expect(RuntimeProviderError.from(thrown, "Append")).toMatchObject({
      code: "UNAVAILABLE",
      message: "Append: no",
      cause: thrown,
    });
  });

  it("from: an AbortController's own reason and a timeout's are told apart", () => {
    const controller = new AbortController();
    controller.abort();
    expect(RuntimeProviderError.from(controller.signal.reason, "x").code).toBe("CANCELLED");
    expect(RuntimeProviderError.from(new DOMException("late", "TimeoutError"), "x").code).toBe(
      "DEADLINE_EXCEEDED",
    );
  });
});

describe("statusDetails", () => {
  it("leaves text that fits, mends what is not well-formed, and cuts off what is too long", () => {
    expect(statusDetails("größer")).toBe("größer");
    expect(statusDetails("a\udc00b")).toBe("a\ufffdb");
    expect(statusDetails("x".repeat(20_000))).toBe(`${"x".repeat(16_384)}… (cut off: 20000 bytes)`);
    expect(() => encodeURI(statusDetails("日".repeat(20_000)))).not.toThrow();
  });
});
