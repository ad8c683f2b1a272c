import { describe, expect, it } from "vitest";
import { checkLog, flawless } from "./log-checker.js";
import { harness, lines } from "./forwarder-harness.js";
import { never, pullHarness, reads, text } from "./pull-harness.js";

describe("the pace of a log that is fetched", () => {
  it("LOGS-4: a read that returns at once is made again ever more slowly, and soon after one that brought something", async () => {
    const h = pullHarness();
    let brings = false;
    const times: number[] = [];
    void h.log.pull(async (_, sink) => {
      times.push(h.clock.now());
      if (brings) await text(sink, "x\n", "1");
    });
    await h.clock.advance(60_000);
    const pauses = (): number[] => times.slice(1).map((time, i) => time - (times[i] ?? 0));
    for (const [i, pause] of pauses().entries()) {
      const full = Math.min(250 * 2 ** (i + 1), 5000);
      expect(pause).toBeGreaterThanOrEqual(0.75 * full);
      expect(pause).toBeLessThanOrEqual(full);
    }
    expect(times.length).toBeLessThan(25);
    brings = true;
    times.length = 0;
    await h.clock.advance(5000 + 2000);
    for (const pause of pauses()) expect(pause).toBeLessThanOrEqual(250);
    expect(times.length).toBeGreaterThan(5);
  });

  it("LOGS-4: a read that fails is made again at the same pace, and told once, twice, and ever more rarely", async () => {
    const h = pullHarness();
    let calls = 0;
    let works = false;
    void h.log.pull(
      (_, sink) => {
        calls += 1;
        if (works) return text(sink, "back\n", "1");
        throw new Error("connection refused");
      },
      { retry: { firstMs: 100, maxMs: 1000 } },
    );
    await h.clock.advance(60_000);
    expect(calls).toBeGreaterThanOrEqual(59);
    expect(calls).toBeLessThanOrEqual(83);
    const fault = "the plugin's log could not be read: connection refused";
    expect(h.messages("runtime")).toEqual([
      fault,
      ...[2, 4, 8, 16, 32, 64]
        .filter((times) => times <= calls)
        .map((times) => `${fault} (${times} times in a row)`),
    ]);
    works = true;
    await h.clock.advance(2000);
    works = false;
    await h.clock.advance(100);
    expect(h.messages("runtime").at(-1)).toBe(fault);
    expect(new Set(h.messages("stdout"))).toEqual(new Set(["back"]));
  });

  it("LOGS-4: a read that brings nothing is begun again after a while, one that waits for room is not", async () => {
    const h = pullHarness();
    const signals: AbortSignal[] = [];
    void h.log.pull(
      async (_, sink, signal) => {
        signals.push(signal);
        await text(sink, "x\n", `${signals.length}`);
        await never();
      },
      { silenceMs: 10_000 },
    );
    await h.clock.advance(9999);
    expect(signals).toHaveLength(1);
    await h.clock.advance(10_001 + 250);
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);

    const sessionBytes = 64 * 1024;
    await using real = await harness({ sessionBytes, blockAtMostMs: 600_000 });
    real.host.register("s");
    real.host.before = () => new Promise((resolve) => setTimeout(resolve, 20));
    const log = real.logs.session("s");
    log.registered();
    let begun = 0;
    const over = new AbortController();
    const pulled = log.pull(
      async (_, sink) => {
        begun += 1;
        await sink.write("stdout", lines(1, 3000), "all");
        over.abort();
      },
      { silenceMs: 5, signal: over.signal },
    );
    await pulled;
    expect(begun).toBe(1 + 1);
    expect(await log.flush(20_000)).toBe(true);
  });

  it('LOGS-4: with "block", what is fetched waits for a slow host, and nothing is lost', async () => {
    const sessionBytes = 64 * 1024;
    await using h = await harness({ sessionBytes, blockAtMostMs: 600_000 });
    h.host.register("s");
    h.host.before = () => new Promise((resolve) => setTimeout(resolve, 1));
    const log = h.logs.session("s");
    log.registered();
    const over = new AbortController();
    let most = 0;
    await log.pull(
      async (cursor, sink) => {
        if (cursor === undefined)
          for (let n = 1; n <= 20_000; n += 1000) {
            await sink.write("stdout", lines(n, n + 999), `${n}`);
            most = Math.max(most, h.logs.stats.bufferedBytes);
          }
        over.abort();
      },
      { signal: over.signal },
    );
    expect(await log.flush(20_000)).toBe(true);
    expect(checkLog(h.host.records("s"), 20_000)).toEqual(flawless(20_000));
    expect(most).toBeLessThan(2 * sessionBytes);
  });

  it("LOGS-4: the next read waits for a write that its read did not await", async () => {
    await using h = await harness({ sessionBytes: 64 * 1024, blockAtMostMs: 600_000 });
    h.host.register("s");
    const log = h.logs.session("s");
    log.registered();
    const over = new AbortController();
    const read = reads(
      (_, sink) => {
        void sink.write("stdout", lines(1, 3000), "all");
        return Promise.resolve();
      },
      () => {
        over.abort();
        return Promise.resolve();
      },
    );
    await log.pull(read, { signal: over.signal, retry: { firstMs: 1 } });
    expect(read.cursors[1]).toBe("all");
  });

  it("LOGS-4: a read that does not await its writes is begun again where it got to, and fills no memory", async () => {
    const sessionBytes = 64 * 1024;
    await using h = await harness({ sessionBytes, blockAtMostMs: 600_000 });
    h.host.register("s");
    const log = h.logs.session("s");
    log.registered();
    const over = new AbortController();
    const refusals: unknown[] = [];
    const pulled = log.pull(
      (cursor, sink) => {
        for (let n = Number(cursor ?? 0) + 1; n <= 20_000; n += 100)
          sink
            .write("stdout", lines(n, n + 99), `${n + 99}`)
            .catch((error: unknown) => refusals.push((error as Error).message));
        if (cursor === "20000") over.abort();
        return Promise.resolve();
      },
      { signal: over.signal, retry: { firstMs: 1, maxMs: 1 } },
    );
    await pulled;
    expect(await log.flush(20_000)).toBe(true);
    const records = h.host.records("s");
    const numbers = records.flatMap(({ stream, message }) =>
      stream === "stdout" ? [Number(message.split(" ")[1])] : [],
    );
    expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 1));
    expect(refusals).toContainEqual(
      expect.stringMatching(/^pull: \d+ bytes wait to be taken; await each write of the sink$/),
    );
    expect(records.find(({ stream }) => stream === "runtime")?.message).toMatch(
      /await each write of the sink$/,
    );
  });
});
