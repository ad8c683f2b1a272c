import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { RuntimeProviderError, type PluginRuntimeProvider } from "../../src/index.js";
import { provider, serve, type Served } from "./serve-in-process.js";

async function failWith(thrown: unknown): Promise<Served> {
  const fail = async (): Promise<never> => {
    await Promise.resolve();
    throw thrown;
  };
  return serve(
    provider({
      startSession: fail,
      getSession: () => {
        throw thrown;
      },
    }),
  );
}

describe("what a provider throws", () => {
  it.each<[string, unknown, string, string]>([
    [
      "a RuntimeProviderError keeps its code and text",
      new RuntimeProviderError("ALREADY_EXISTS", "it is there"),
      "ALREADY_EXISTS",
      "it is there",
    ],
    [
      "an Error is UNKNOWN with the operation's name",
      new Error("no disk"),
      "UNKNOWN",
      "StartSession: no disk",
    ],
    ["an Error without a text is told by its name", new TypeError(""), "UNKNOWN", "StartSession: TypeError"],
    [
      "an AggregateError without a text is told by what it holds",
      new AggregateError([new Error("refused by ::1"), new Error("refused by 127.0.0.1")], ""),
      "UNKNOWN",
      "StartSession: refused by ::1; refused by 127.0.0.1",
    ],
    [
      "a gRPC client's error keeps its code",
      Object.assign(new Error("7 PERMISSION_DENIED: not you"), {
        code: status.PERMISSION_DENIED,
        details: "not you",
      }),
      "PERMISSION_DENIED",
      "StartSession: not you",
    ],
    ["an abort is CANCELLED", new DOMException("gone", "AbortError"), "CANCELLED", "StartSession: gone"],
    [
      "a timeout is DEADLINE_EXCEEDED",
      new DOMException("too long", "TimeoutError"),
      "DEADLINE_EXCEEDED",
      "StartSession: too long",
    ],
    [
      "a system error is UNKNOWN",
      Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC", errno: -28 }),
      "UNKNOWN",
      "StartSession: ENOSPC: no space",
    ],
    ["a text is a message", "just text", "UNKNOWN", "StartSession: just text"],
    ["undefined", undefined, "UNKNOWN", "StartSession: something other than an Error was thrown (undefined)"],
    ["null", null, "UNKNOWN", "StartSession: something other than an Error was thrown (null)"],
    [
      "an object",
      { message: "no" },
      "UNKNOWN",
      "StartSession: something other than an Error was thrown (object)",
    ],
    ["text that is not ASCII", new Error("größer\n日本 %41"), "UNKNOWN", "StartSession: größer\n日本 %41"],
    ["a lone surrogate", new Error("a\ud800b"), "UNKNOWN", "StartSession: a\ufffdb"],
  ])("%s", async (_, thrown, code, message) => {
    const { runtime } = await failWith(thrown);
    await expect(runtime.startSession({})).rejects.toMatchObject({ code, message });
    await expect(runtime.getSession({ sessionId: "a" })).rejects.toMatchObject({
      code,
      message: message.replace("StartSession", "GetSession"),
    });
  });

  it("the stack and the cause go to the log and not to the host", async () => {
    const { runtime, log } = await failWith(new Error("outer", { cause: new Error("inner") }));
    const error = await runtime.startSession({}).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toBe("StartSession: outer");
    expect(log.text).toContain("error StartSession failed: StartSession: outer");
    expect(log.text).toContain("inner");
    expect(log.text).toMatch(/ {4}at .*errors\.test\.ts/);
  });

  it("a refusal that the provider chose is no fault, and is not logged", async () => {
    const { runtime, log } = await failWith(new RuntimeProviderError("NOT_FOUND", "no such session"));
    await expect(runtime.startSession({})).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(log.lines).toEqual([]);
  });

  it.each([
    ["ASCII", "x"],
    ["not ASCII", "日"],
  ])("a text of a megabyte (%s) is cut off and arrives", async (_, char) => {
    const { runtime } = await failWith(new Error(char.repeat(1024 * 1024)));
    const error = (await runtime
      .startSession({}, { timeoutMs: 5_000 })
      .catch((thrown: unknown) => thrown)) as RuntimeProviderError;
    expect(error.code).toBe("UNKNOWN");
    expect(error.message).toContain("StartSession: ");
    expect(error.message).toContain(`… (cut off: ${Buffer.byteLength(char.repeat(1024 * 1024)) + 14} bytes)`);
    expect(Buffer.byteLength(error.message)).toBeLessThan(17_000);
    expect(await runtime.getSupport()).toMatchObject({ canHostPlugins: true });
  });

  it("a method that is missing is told by name", async () => {
    const { runtime } = await serve({
      getSupport: () => ({ canHostPlugins: true }),
    } as unknown as PluginRuntimeProvider);
    await expect(runtime.startSession({})).rejects.toMatchObject({
      code: "UNKNOWN",
      message: expect.stringContaining("startSession is not a function") as string,
    });
  });
});
