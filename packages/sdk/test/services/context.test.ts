import { describe, expect, it } from "vitest";
import type { CallContext } from "../../src/index.js";
import { provider, serve } from "./serve-in-process.js";

describe("the context of a call", () => {
  it("SESS-13, PLUG-7: its signal aborts when the host cancels", async () => {
    let seen: CallContext | undefined;
    const { runtime } = await serve(
      provider({
        startSession: (_, context) => {
          seen = context;
          return new Promise((_resolve, reject) =>
            context.signal.addEventListener("abort", () => reject(context.signal.reason as Error)),
          );
        },
      }),
    );
    const cancel = new AbortController();
    const call = runtime.startSession({}, { signal: cancel.signal });
    await expect.poll(() => seen).toBeDefined();
    cancel.abort();
    await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
    await expect.poll(() => seen?.signal.aborted).toBe(true);
    expect(seen?.signal.reason).toMatchObject({
      code: "CANCELLED",
      message: "StartSession: the host cancelled the call",
    });
    expect(seen?.deadline).toBeUndefined();
  });

  it("PLUG-7: it has the deadline, and aborts with it", async () => {
    let seen: CallContext | undefined;
    const { runtime } = await serve(
      provider({
        startPlugin: (_, context) => {
          seen = context;
          return new Promise((_resolve, reject) =>
            context.signal.addEventListener("abort", () => reject(context.signal.reason as Error)),
          );
        },
      }),
    );
    const before = Date.now();
    await expect(
      runtime.startPlugin({ sessionId: "s", command: "/x" }, { timeoutMs: 200 }),
    ).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await expect.poll(() => seen?.signal.aborted).toBe(true);
    expect(seen?.signal.reason).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(seen?.deadline?.getTime()).toBeGreaterThanOrEqual(before);
  });

  it("never aborts once the call was answered, though grpc-js says cancelled after every call", async () => {
    const signals: AbortSignal[] = [];
    const { runtime, channel } = await serve(
      provider({
        startSession: ({ metadata }, { signal }) => {
          signals.push(signal);
          return { id: "s", state: "ready", metadata };
        },
      }),
    );
    for (let i = 0; i < 20; i += 1) await runtime.startSession({}, { timeoutMs: 5_000 });
    channel.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(signals.filter(({ aborted }) => aborted)).toEqual([]);
    expect(signals).toHaveLength(20);
  });

  it("SESS-5: two thousand calls at once are all answered", async () => {
    const { runtime } = await serve(provider());
    const ids = Array.from({ length: 2_000 }, (_, index) => `s-${index}`);
    const sessions = await Promise.all(ids.map((sessionId) => runtime.getSession({ sessionId })));
    expect(sessions.map(({ id }) => id)).toEqual(ids);
  });

  it("a message past 4 MiB is RESOURCE_EXHAUSTED, and the provider lives", async () => {
    const { runtime } = await serve(provider());
    await expect(runtime.startSession({ pluginName: "x".repeat(5 * 1024 * 1024) })).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
    });
    expect(await runtime.getSession({ sessionId: "s" })).toMatchObject({ id: "s" });
  });
});
