import { EventEmitter } from "node:events";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ActiveCall, type WireCall } from "../../src/services/call.js";
import { CallRegister } from "../../src/services/call-register.js";
import { LogBook } from "./serve-in-process.js";

/** The wire's side of a call, in the test's hand. */
class Wire extends EventEmitter {
  cancelled = false;

  constructor(readonly deadlineInMs = Infinity) {
    super();
  }

  getDeadline(): Date | number {
    return this.deadlineInMs === Infinity ? Infinity : Date.now() + this.deadlineInMs;
  }

  cancel(): void {
    this.cancelled = true;
    this.emit("cancelled");
  }
}

function callOn(wire: Wire): ActiveCall {
  return new ActiveCall("StartPlugin", new LogBook(), wire as unknown as WireCall);
}

describe("ActiveCall", () => {
  it.each([
    [Infinity, "CANCELLED"],
    [10_000, "CANCELLED"],
    // A host cancels at its own deadline, which may be here before ours has passed.
    [5, "DEADLINE_EXCEEDED"],
    [-5, "DEADLINE_EXCEEDED"],
  ])("PLUG-7: cancelled %d ms before its deadline it is %s", (deadlineInMs, code) => {
    const wire = new Wire(deadlineInMs);
    const { signal } = callOn(wire);
    wire.cancel();
    expect(signal.reason).toMatchObject({ code });
  });

  it("SESS-13: answered before its signal was asked for, the signal stays quiet", () => {
    const wire = new Wire();
    const call = callOn(wire);
    call.markAnswered();
    wire.cancel();
    call.cutOff();
    expect(call.signal.aborted).toBe(false);
  });
});

describe("CallRegister", () => {
  it("PROC-6: names a slow call once, each at its own time, and stops looking when all are gone", () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const log = new LogBook();
    const calls = new CallRegister(log, 1_000);
    const quick = callOn(new Wire());
    calls.begin(quick);
    vi.advanceTimersByTime(400);
    const first = callOn(new Wire());
    calls.begin(first);
    calls.end(quick);
    vi.advanceTimersByTime(500);
    const second = callOn(new Wire());
    calls.begin(second);
    vi.advanceTimersByTime(499);
    expect(log.lines).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(log.lines).toHaveLength(1);
    expect(log.text).toContain("warn StartPlugin (1.0 s) is still in flight; does its promise ever settle?");
    vi.advanceTimersByTime(60_000);
    expect(log.lines).toHaveLength(2);
    calls.end(first);
    calls.end(second);
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount()).toBe(0);
    calls.begin(quick);
    calls.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("PROC-6: settles when the last call has ended, for everybody who waits", async () => {
    const calls = new CallRegister(new LogBook(), 60_000);
    await calls.settled();
    const [one, two] = [callOn(new Wire()), callOn(new Wire())];
    calls.begin(one);
    calls.begin(two);
    let settled = 0;
    const waiting = [calls.settled(), calls.settled()].map((each) => each.then(() => (settled += 1)));
    calls.end(one);
    await Promise.resolve();
    expect(settled).toBe(0);
    calls.end(two);
    await Promise.all(waiting);
    expect(calls.size).toBe(0);
    calls.close();
  });
});
