import { describe, expect, it } from "vitest";
import { HostTrace, formatTrace } from "../../src/host/index.js";

describe("a trace for people", () => {
  it("has one line per call and event, with what was asked, the deadline and what came back", () => {
    const trace = new HostTrace();
    const peer = { to: "provider", name: "rec", instance: 1, authority: "localhost" } as const;
    trace.note("rec", 1, { type: "spawned", pid: 7, command: ["/opt/rec", "serve"] });
    const end = trace.begin({ ...peer, method: "P/StartSession", request: { pluginName: "x".repeat(30) } });
    end({ code: "OK", response: { id: "s1" } });
    const stop = trace.begin({ ...peer, method: "P/StopSession", request: {}, deadlineMs: 3_000 });
    stop({ code: "DEADLINE_EXCEEDED", message: "too late" });
    trace.begin({ ...peer, method: "P/GetSession", request: {} });
    trace.note("a", 0, { type: "plugin-skipped", plugin: "a", message: "why" });

    const lines = formatTrace(trace, { maxTextLength: 20 }).split("\n");
    expect(lines.map((line) => line.replaceAll(/\d+\.\d ms/g, "T ms").trim())).toEqual([
      "T ms  rec#1 * spawned as process 7: /opt/rec serve",
      'T ms  rec#1 P/StartSession {"pluginName":"xxxxx... (47 characters) (no deadline) -> OK {"id":"s1"} in T ms',
      "T ms  rec#1 P/StopSession {} (deadline 3000 ms) -> DEADLINE_EXCEEDED too late in T ms",
      "T ms  rec#1 P/GetSession {} (no deadline) -> in flight",
      "T ms  a * is skipped: why",
    ]);
  });

  it("is bounded: it keeps the newest", () => {
    const trace = new HostTrace({ maxRecords: 10 });
    for (let index = 0; index < 100; index += 1) trace.note("p", index, { type: "ready" });
    expect(trace.events.length).toBeLessThanOrEqual(11);
    expect(trace.events.at(-1)?.instance).toBe(99);
  });
});
