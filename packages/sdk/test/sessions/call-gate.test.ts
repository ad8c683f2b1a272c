import { describe, expect, it } from "vitest";
import { CallGate } from "../../src/sessions/call-gate.js";
import { VirtualClock } from "./model/virtual-clock.js";

const never = new AbortController().signal;

/** Notes which calls have begun. */
function subject(limits?: { perSecond: number; burst: number; parallel: number }) {
  const clock = new VirtualClock();
  const gate = new CallGate(clock, limits);
  const begun: string[] = [];
  const leave = new Map<string, () => void>();
  const call = (name: string, kind: "destroy" | "inner" | "other" = "other", signal = never): void => {
    gate.enter(kind, signal).then(
      (done) => {
        begun.push(name);
        leave.set(name, done);
      },
      () => begun.push(`${name} gave up`),
    );
  };
  return { clock, gate, begun, call, end: (name: string) => leave.get(name)?.() };
}

describe("the turn of a backend's calls", () => {
  it("has no limit where none is set", async () => {
    const { clock, begun, call } = subject();
    for (let index = 0; index < 500; index += 1) call(`${index}`);
    await clock.settle();
    expect(begun.length).toBe(500);
    expect(clock.waiting).toBe(0);
  });

  it("lets a burst through, then so many a second", async () => {
    const { clock, begun, call } = subject({ perSecond: 10, burst: 3, parallel: 100 });
    for (let index = 0; index < 8; index += 1) call(`${index}`);
    await clock.settle();
    expect(begun).toEqual(["0", "1", "2"]);
    await clock.advance(99);
    expect(begun.length).toBe(3);
    await clock.advance(1);
    expect(begun.length).toBe(4);
    await clock.advance(400);
    expect(begun).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
  });

  it("saves no more than a burst up, and stops its clock then", async () => {
    const { clock, begun, call, end } = subject({ perSecond: 10, burst: 2, parallel: 100 });
    call("a");
    await clock.advance(60_000);
    end("a");
    expect(clock.waiting).toBe(0);
    for (const name of ["b", "c", "d"]) call(name);
    await clock.settle();
    expect(begun).toEqual(["a", "b", "c"]);
  });

  it("has so many places; one that is left is taken", async () => {
    const { clock, begun, call, end } = subject({ perSecond: 1_000, burst: 1_000, parallel: 2 });
    for (const name of ["a", "b", "c"]) call(name);
    await clock.settle();
    expect(begun).toEqual(["a", "b"]);
    end("b");
    end("b");
    await clock.settle();
    expect(begun).toEqual(["a", "b", "c"]);
    call("d");
    await clock.settle();
    expect(begun).not.toContain("d");
  });

  it("SESS-8: removals go first, and have places of their own when all others hang", async () => {
    const { clock, begun, call } = subject({ perSecond: 10, burst: 3, parallel: 2 });
    for (const name of ["a", "b", "c"]) call(name);
    call("removal", "destroy");
    await clock.settle();
    expect(begun).toEqual(["a", "b", "removal"]);
  });

  it("a call within a method needs a token but no place: a method can't wait for itself", async () => {
    const { clock, begun, call } = subject({ perSecond: 10, burst: 2, parallel: 1 });
    call("method");
    call("inner 1", "inner");
    call("inner 2", "inner");
    await clock.settle();
    expect(begun).toEqual(["method", "inner 1"]);
    await clock.advance(100);
    expect(begun).toEqual(["method", "inner 1", "inner 2"]);
  });

  it("a call that is no longer wanted leaves the queue", async () => {
    const { clock, begun, call, end } = subject({ perSecond: 1_000, burst: 1_000, parallel: 1 });
    const cancel = new AbortController();
    call("a");
    call("b", "other", cancel.signal);
    call("c");
    await clock.settle();
    cancel.abort(new Error("enough"));
    await clock.settle();
    expect(begun).toEqual(["a", "b gave up"]);
    end("a");
    await clock.settle();
    expect(begun).toEqual(["a", "b gave up", "c"]);
  });
});
