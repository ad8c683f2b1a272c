import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { servePluginRuntimeProvider } from "../../src/index.js";
import { LogBook, provider, serve } from "../services/serve-in-process.js";
import { temporaryFolder } from "./provider-process.js";

describe("as a library", () => {
  it("PROC-9: told to end before it began it does nothing but close", async () => {
    let closed = 0;
    const socketPath = "/nowhere/at/all.sock";
    await servePluginRuntimeProvider(provider({ close: () => void (closed += 1) }), {
      socketPath,
      signal: AbortSignal.abort(),
    });
    expect(closed).toBe(1);
  });

  it("PROC-9: told to end in the middle of its start it resolves, and shows no socket", async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const socketPath = join(temporaryFolder(), "p.sock");
      const end = new AbortController();
      const served = servePluginRuntimeProvider(provider(), { socketPath, signal: end.signal });
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      end.abort();
      await served;
      expect(existsSync(socketPath)).toBe(false);
    }
  });

  it("PROC-6: a close hook that fails is what it rejects with, and the socket is gone all the same", async () => {
    const served = await serve(
      provider({
        close: () => {
          throw new Error("no disk");
        },
      }),
    );
    await expect(served.end()).rejects.toMatchObject({ message: "the close hook failed: no disk" });
  });

  it("PROC-6: a close hook that hangs is bounded", async () => {
    const served = await serve(provider({ close: () => new Promise<void>(() => undefined) }), {
      closeTimeoutMs: 50,
    });
    await expect(served.end()).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: "the close hook did not end within 50 ms",
    });
  });

  it("PROC-6: of two failures the first is thrown, and the other logged", async () => {
    const logger = new LogBook();
    const failed = servePluginRuntimeProvider(
      provider({ close: () => Promise.reject(new Error("no disk")) }),
      { socketPath: "/nowhere/at/all.sock", signal: new AbortController().signal, logger },
    );
    await expect(failed).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("can't listen on") as string,
    });
    expect(logger.text).toContain("another failure while the provider ended");
    expect(logger.text).toContain("no disk");
  });

  it("PROC-6: an abort after its end, or a second one, does nothing", async () => {
    let closed = 0;
    const served = await serve(provider({ close: () => void (closed += 1) }));
    await served.end();
    await served.end();
    expect(closed).toBe(1);
  });

  it("PROC-6: its signal is left without listeners", async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, "addEventListener");
    const remove = vi.spyOn(signal, "removeEventListener");
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    await servePluginRuntimeProvider(provider(), { socketPath: "/nowhere/at/all.sock", signal }).catch(
      () => undefined,
    );
    expect(add).toHaveBeenCalledTimes(1);
    expect(remove.mock.calls[0]?.slice(0, 2)).toEqual(add.mock.calls[0]?.slice(0, 2));
  });

  it("PROC-7: the parent is not watched", async () => {
    vi.stubEnv("GESTALT_PLUGIN_PARENT_PID", "1");
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const { runtime, log } = await serve(provider());
    // Longer than the watch's interval.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await runtime.getSession({ sessionId: "s" })).toMatchObject({ id: "s" });
    expect(log.lines).toEqual([]);
  });

  it("PROC-9: two providers of one program do not know each other", async () => {
    const first = await serve(provider());
    const second = await serve(provider());
    await first.end();
    expect(await second.runtime.getSession({ sessionId: "s" })).toMatchObject({ id: "s" });
  });
});
