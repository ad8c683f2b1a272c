import { describe, expect, it } from "vitest";
import { startPipeline } from "./pipeline.js";

const lines = 50_000;

/** `npm run soak` does the same with a million lines, see pipeline.soak.ts. */
describe("plugin, provider and log host, each a process", () => {
  it("LOGS-1: every line arrives, once and in order, in bounded memory", { timeout: 60_000 }, async () => {
    const pipeline = await startPipeline(lines);
    const { verdict, progress, peakMB } = await pipeline.finish();
    expect(verdict).toEqual({ received: lines, announced: 0, announcements: 0, repeated: 0, faults: [] });
    expect(progress).toEqual({ written: lines, delivered: lines, dropped: 0 });
    expect(peakMB).toBeLessThan(200);
  });

  it(
    "LOGS-4: with the log host stopped, the provider answers as ever, and the log says exactly what is missing",
    { timeout: 60_000 },
    async () => {
      const pipeline = await startPipeline(lines, { sessionBytes: 1024 * 1024, blockAtMostMs: 200 });
      await pipeline.arrived(lines / 10);
      pipeline.signalHost("SIGSTOP");
      // GetSession goes on while the host takes nothing: that is what tells of the drops.
      const stopped = await pipeline.watch(({ dropped }) => dropped > 0);
      expect(stopped.delivered).toBeLessThan(lines);
      pipeline.signalHost("SIGCONT");
      const { verdict, progress, peakMB } = await pipeline.finish();
      expect(verdict).toMatchObject({ faults: [], announced: progress.dropped });
      expect(verdict.announced).toBeGreaterThan(0);
      expect(verdict.received + verdict.announced).toBe(lines);
      expect(peakMB).toBeLessThan(200);
    },
  );
});
