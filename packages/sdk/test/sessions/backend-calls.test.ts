import { describe, expect, it } from "vitest";
import { BackendCalls } from "../../src/sessions/backend-calls.js";
import { BackendError } from "../../src/sessions/index.js";
import { resolveLimits, type SessionLimits } from "../../src/sessions/limits.js";
import { SessionSecrets } from "../../src/sessions/session-secrets.js";
import { VirtualClock } from "./model/virtual-clock.js";

function subject(limits: SessionLimits = {}) {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const say = (_: object, text: string): void => void lines.push(text);
  const logger = { debug: say, info: say, warn: say, error: say };
  // Without chance, a pause is three quarters of its length.
  const calls = new BackendCalls(clock, resolveLimits({}, limits), logger, new SessionSecrets(), () => 0);
  return { clock, calls, lines };
}

const busy = (options: object = {}): BackendError =>
  new BackendError("UNAVAILABLE", "the cloud is busy", { retryable: true, ...options });

describe("calls of a backend", () => {
  it("repeats what is retryable, with pauses that double, and says so", async () => {
    const { clock, calls, lines } = subject();
    const at: number[] = [];
    const began = clock.now();
    const result = calls.run({ what: "creating the guest", timeoutMs: 60_000 }, async () => {
      at.push(clock.now() - began);
      if (at.length < 4) throw busy();
      return Promise.resolve("made");
    });
    await clock.advance(10_000);
    expect(await result).toBe("made");
    expect(at).toEqual([0, 187.5, 562.5, 1312.5]);
    expect(lines[0]).toBe("creating the guest failed and is tried again: the cloud is busy");
  });

  it("gives up after so many attempts, with the backend's own error", async () => {
    const { clock, calls } = subject({ retry: { attempts: 3 } });
    let attempts = 0;
    const result = calls
      .run({ what: "creating the guest", timeoutMs: 60_000 }, () => {
        attempts += 1;
        return Promise.reject(busy());
      })
      .catch((error: unknown) => error);
    await clock.advance(60_000);
    expect(await result).toMatchObject({ code: "UNAVAILABLE", message: "the cloud is busy" });
    expect(attempts).toBe(3);
  });

  it("does not repeat what the backend has not called retryable, nor a removal", async () => {
    const { clock, calls } = subject();
    const attempts = { plain: 0, removal: 0 };
    const plain = calls.run({ what: "x", timeoutMs: 1_000 }, () => {
      attempts.plain += 1;
      return Promise.reject(new Error("no"));
    });
    const removal = calls.run({ what: "x", timeoutMs: 1_000, isDestroy: true }, () => {
      attempts.removal += 1;
      return Promise.reject(busy());
    });
    await expect(plain).rejects.toThrow("no");
    await expect(removal).rejects.toThrow("the cloud is busy");
    await clock.advance(1_000);
    expect(attempts).toEqual({ plain: 1, removal: 1 });
  });

  it("waits as long as the backend asks", async () => {
    const { clock, calls } = subject();
    let attempts = 0;
    const result = calls.run({ what: "x", timeoutMs: 60_000 }, () => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(busy({ retryAfterMs: 7_000 })) : Promise.resolve(attempts);
    });
    await clock.advance(6_999);
    expect(attempts).toBe(1);
    await clock.advance(1);
    expect(await result).toBe(2);
  });

  it("T18: ends in time, and names what took too long, also where the backend ignores its signal", async () => {
    const { clock, calls } = subject();
    const late: unknown[] = [];
    let finish: (value: string) => void = () => undefined;
    const result = calls
      .run(
        { what: "launching the plugin", timeoutMs: 500 },
        () => new Promise<string>((resolve) => (finish = resolve)),
        (value) => late.push(value),
      )
      .catch((error: unknown) => error);
    await clock.advance(500);
    expect(await result).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: "launching the plugin did not end within 500 ms",
    });
    finish("after all");
    await clock.settle();
    expect(late).toEqual(["after all"]);
  });

  it("stops repeating when nobody wants the result any more", async () => {
    const { clock, calls } = subject();
    let attempts = 0;
    const cancel = new AbortController();
    const result = calls
      .run({ what: "x", timeoutMs: 60_000, signal: cancel.signal }, () => {
        attempts += 1;
        return Promise.reject(busy());
      })
      .catch((error: unknown) => error);
    await clock.settle();
    cancel.abort(new Error("enough"));
    await clock.advance(60_000);
    expect(await result).toMatchObject({ message: "enough" });
    expect(attempts).toBe(1);
    expect(clock.waiting).toBe(0);
  });

  it("repeats one call within a method, and not the method", async () => {
    const { clock, calls } = subject();
    const attempts = { method: 0, inner: 0 };
    const result = calls.run({ what: "x", timeoutMs: 60_000 }, async (context) => {
      attempts.method += 1;
      return context.call(() => {
        attempts.inner += 1;
        return attempts.inner < 3 ? Promise.reject(busy()) : Promise.resolve("made");
      });
    });
    await clock.advance(5_000);
    expect(await result).toBe("made");
    expect(attempts).toEqual({ method: 1, inner: 3 });
  });

  it("a call that hangs gives its place back when its time is up", async () => {
    const { clock, calls } = subject({ rate: { parallel: 1 } });
    const hung = calls
      .run({ what: "x", timeoutMs: 100 }, () => new Promise(() => undefined))
      .catch(() => "hung");
    const next = calls.run({ what: "y", timeoutMs: 1_000 }, () => Promise.resolve("next"));
    await clock.advance(100);
    expect(await hung).toBe("hung");
    expect(await next).toBe("next");
  });
});
