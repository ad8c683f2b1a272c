import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, type TestContext } from "vitest";
import { recordFigure } from "../../../../scripts/soak/figures.js";
import { startPipeline, type PipelineResult } from "./pipeline.js";

const lines = 1_000_000;
const stopMs = 10_000;

/** Of one call: what may come twice when its answer is lost (LOGS-2). */
const batchRecords = 1000;
const callTimeoutMs = 5000;

describe("plugin, provider and log host, each a process", () => {
  it("LOGS-1: a million lines arrive, once and in order, in bounded memory", async (context) => {
    const pipeline = await startPipeline(lines);
    const result = await pipeline.finish();
    record(context, "a million lines of 100 bytes", result);
    recordFigure(context, {
      name: "a million lines of 100 bytes: rate",
      value: result.linesPerSecond,
      unit: "lines/s",
      atLeast: 100_000,
    });
    expect(result.verdict).toEqual({
      received: lines,
      announced: 0,
      announcements: 0,
      repeated: 0,
      faults: [],
    });
    expect(result.progress).toEqual({ written: lines, delivered: lines, dropped: 0 });
    expect(result.peakMB).toBeLessThan(200);
  });

  it("LOGS-4: with the log host stopped for 10 s in the middle, what is dropped is announced exactly", async (context) => {
    const pipeline = await startPipeline(lines);
    await pipeline.arrived(lines / 2);
    pipeline.signalHost("SIGSTOP");
    await Promise.all([delay(stopMs), pipeline.watch(({ dropped }) => dropped > 0)]);
    pipeline.signalHost("SIGCONT");
    const result = await pipeline.finish();
    const { verdict, progress, peakMB } = result;
    const name = "log host stopped for 10 s";
    record(context, name, result);
    recordFigure(context, { name: `${name}: received`, value: verdict.received, unit: "lines" });
    recordFigure(context, { name: `${name}: announced as dropped`, value: verdict.announced, unit: "lines" });
    recordFigure(context, { name: `${name}: came twice`, value: verdict.repeated, unit: "lines" });
    expect(verdict.faults).toEqual([]);
    expect(verdict.announced).toBeGreaterThan(0);
    expect(verdict.received + verdict.announced).toBe(lines);
    expect(progress).toEqual({ written: lines, delivered: verdict.received, dropped: verdict.announced });
    expect(verdict.repeated).toBeLessThanOrEqual(Math.ceil(stopMs / callTimeoutMs) * batchRecords);
    expect(peakMB).toBeLessThan(200);
  });
});

function record(context: TestContext, name: string, result: PipelineResult): void {
  const { peakMB, cpuSeconds, getSessionMs } = result;
  recordFigure(context, {
    name: `${name}: provider's peak memory`,
    value: peakMB,
    unit: "MB",
    atMost: 200,
  });
  recordFigure(context, { name: `${name}: provider's CPU time`, value: cpuSeconds, unit: "s" });
  const p99 = getSessionMs[Math.floor(getSessionMs.length * 0.99)] ?? Number.NaN;
  recordFigure(context, { name: `${name}: GetSession meanwhile, p99`, value: p99, unit: "ms" });
}
