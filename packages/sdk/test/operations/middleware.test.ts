import { describe, expect, it } from "vitest";
import { RuntimeProviderError, type Middleware } from "../../src/index.js";
import { provider, serve } from "../services/serve-in-process.js";

describe("middleware", () => {
  it("runs around every call, the first one outermost, and sees method, metadata and deadline", async () => {
    const seen: string[] = [];
    const note =
      (name: string): Middleware =>
      async (call, next) => {
        seen.push(
          `${name} ${call.service}/${call.method} ${String(call.metadata("X-Trace"))} ${typeof call.deadline}`,
        );
        await next();
        seen.push(`${name} ends`);
      };
    const { runtime } = await serve(provider(), {
      configure: true,
      middleware: [note("outer"), note("inner")],
    });
    seen.length = 0;
    const options = { metadata: { "x-trace": "t1" }, timeoutMs: 20_000 };
    expect(await runtime.getSession({ sessionId: "a" }, options)).toMatchObject({ id: "a" });
    expect(seen).toEqual([
      "outer gestalt.provider.v1.PluginRuntimeProvider/GetSession t1 object",
      "inner gestalt.provider.v1.PluginRuntimeProvider/GetSession t1 object",
      "inner ends",
      "outer ends",
    ]);
  });

  it("refuses a call, which then never reaches the provider", async () => {
    let asked = 0;
    const served = provider({ getSession: (id) => ({ id, state: ++asked > 0 ? "running" : "ready" }) });
    const refuse: Middleware = async ({ method }, next) => {
      if (method === "GetSession") throw new RuntimeProviderError("PERMISSION_DENIED", "not today");
      await next();
    };
    const { runtime } = await serve(served, { middleware: [refuse] });
    await expect(runtime.getSession({ sessionId: "a" })).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      message: "not today",
    });
    expect(asked).toBe(0);
  });

  it("sees an error as the host will, and can't hide it by keeping quiet", async () => {
    let code: unknown;
    const swallow: Middleware = (_, next) =>
      next().catch((error: unknown) => void (code = (error as RuntimeProviderError).code));
    const failing = provider({
      startSession: () => {
        throw new Error("planted error");
      },
    });
    const { runtime, log } = await serve(failing, { middleware: [swallow] });
    const failure = { code: "UNKNOWN", message: "StartSession: planted error" };
    await expect(runtime.startSession({ pluginName: "p" })).rejects.toMatchObject(failure);
    expect(code).toBe("UNKNOWN");
    expect(log.text).toContain("error StartSession failed: StartSession: planted error");
  });

  it.each<[string, Middleware]>([
    ["ended before the call did", () => Promise.resolve()],
    [
      "called next twice",
      async ({ method }, next) => {
        await next();
        if (method === "GetSession") await next();
      },
    ],
  ])("one that %s is told so", async (text, wrong) => {
    const middleware: Middleware = (call, next) =>
      call.method === "GetSession" ? wrong(call, next) : next();
    const { runtime } = await serve(provider(), { middleware: [middleware] });
    await expect(runtime.getSession({ sessionId: "a" })).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining(text) as string,
    });
  });
});
