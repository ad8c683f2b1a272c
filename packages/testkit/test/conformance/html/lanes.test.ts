import { describe, expect, it } from "vitest";
import { layOut } from "../../../src/conformance/reports/html/lanes.js";
import type { CallReport } from "../../../src/conformance/reports/report.js";

describe("the picture", () => {
  const call = (to: "provider" | "plugin", name: string, instance: number, atMs: number): CallReport => ({
    to,
    name,
    instance,
    method: "Service/Method",
    request: {},
    startedAtMs: atMs,
    durationMs: 10,
    code: "OK",
    response: {},
    times: 1,
  });

  it("has a lane for the host, each process of the provider, and each plugin", () => {
    const { lanes, steps } = layOut({
      calls: [call("provider", "p", 1, 0), call("provider", "p", 2, 20), call("plugin", "one", 0, 40)],
      events: [],
    });
    expect(lanes.map(({ label }) => label)).toEqual(["host", "provider 1", "provider 2", "plugin one"]);
    expect(steps.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
  });

  it("puts plugins together where there are too many", () => {
    const names = ["a", "b", "c", "d"];
    const { lanes, steps } = layOut({ calls: names.map((name, index) => call("plugin", name, 0, index)) });
    expect(lanes.map(({ label }) => label)).toEqual(["host", "a", "b", "other plugins"]);
    expect(steps.map(({ to }) => to)).toEqual([1, 2, 3, 3]);
  });

  it("orders calls and events by time, and tells what began before an answer came", () => {
    const event = { name: "p", instance: 1, text: "", times: 1 };
    const { steps } = layOut({
      calls: [call("provider", "p", 1, 5), call("provider", "p", 1, 8), call("provider", "p", 1, 40)],
      events: [
        { ...event, type: "spawned", atMs: 0 },
        { ...event, type: "host-service", atMs: 20 },
        { ...event, type: "exited", atMs: 90 },
      ],
    });
    expect(steps.map((step) => [step.kind, step.from, step.to, step.atMs])).toEqual([
      ["event", 0, 1, 0],
      ["call", 0, 1, 5],
      ["call", 0, 1, 8],
      ["event", 1, 0, 20],
      ["call", 0, 1, 40],
      ["event", 1, 1, 90],
    ]);
    expect(steps.map((step) => (step.kind === "call" ? step.meanwhile : 0))).toEqual([0, 1, 0, 0, 0, 0]);
  });
});
