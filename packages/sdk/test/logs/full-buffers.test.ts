import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { checkLog, flawless } from "./log-checker.js";
import { harness, lines, until } from "./forwarder-harness.js";
import { ManualClock } from "./manual-clock.js";
import { numberedLine, numberedLines } from "./numbered-lines.js";

describe("log forwarder with full buffers", () => {
  const sessionBytes = 64 * 1024;

  it('LOGS-4: with "drop", memory is bounded and the log says exactly what is missing', async () => {
    await using h = await harness({ sessionBytes, fullBuffer: "drop", batchRecords: 50 });
    h.host.register("s");
    let thaw = (): void => undefined;
    const thawed = new Promise<void>((resolve) => (thaw = resolve));
    h.host.before = () => thawed;
    const log = h.logs.session("s");
    log.registered();
    for (let n = 1; n <= 20_000; n++) {
      expect(log.write("stdout", lines(n, n))).toBe(true);
      if (n === 1000) await until(() => h.logs.stats.calls === 1);
      expect(h.logs.stats.bufferedBytes).toBeLessThanOrEqual(sessionBytes);
    }
    const { dropped } = h.logs.stats;
    thaw();
    await log.flush(10_000);
    const records = h.host.records("s");
    expect(checkLog(records, 20_000)).toEqual({ ...flawless(20_000 - dropped), announced: dropped });
    expect(records.at(0)?.message).toBe("line 1");
    expect(records.at(-1)?.message).toBe("line 20000");
    expect(records.filter((record) => record.stream === "runtime")).toHaveLength(1);
  });

  it('LOGS-4: with "block", a plugin waits for a slow host, and nothing is lost', async () => {
    await using h = await harness({ sessionBytes, fullBuffer: "block", blockAtMostMs: 600_000 });
    h.host.register("s");
    h.host.before = () => new Promise((resolve) => setTimeout(resolve, 1));
    const log = h.logs.session("s");
    log.registered();
    let most = 0;
    function* chunks(): Generator<Buffer> {
      for (let n = 1; n <= 30_000; n += 1000) {
        most = Math.max(most, h.logs.stats.bufferedBytes);
        yield lines(n, n + 999);
      }
      // Each byte of this becomes a record of its own: the worst that there is.
      yield Buffer.alloc(10_000, "\n");
    }
    await log.consume("stdout", Readable.from(chunks()));
    expect(await log.flush(20_000)).toBe(true);
    expect(checkLog(h.host.records("s"), 40_000)).toEqual(flawless(40_000));
    expect(most).toBeGreaterThan(sessionBytes / 4);
    expect(most).toBeLessThan(2 * sessionBytes);
  });

  it('LOGS-4: with "block", a line is not cut where its plugin had to wait', async () => {
    const clock = new ManualClock();
    await using h = await harness({ sessionBytes, clock, blockAtMostMs: 600_000 });
    h.host.register("s");
    let thaw = (): void => undefined;
    const thawed = new Promise<void>((resolve) => (thaw = resolve));
    h.host.before = () => thawed;
    const log = h.logs.session("s");
    log.registered();
    const consumed = log.consume("stdout", Readable.from([numberedLines(1, 2000)]));
    await until(() => h.logs.stats.bufferedBytes >= sessionBytes);
    // Far longer than a line may wait for its end: but nobody read what the plugin wrote.
    await clock.advance(60_000);
    thaw();
    await consumed;
    await log.flush(10_000);
    expect(h.host.messages("s")).toEqual(Array.from({ length: 2000 }, (_, i) => numberedLine(i + 1)));
  });

  it('LOGS-4: with "block", a prompt is shown also when its plugin had to wait before it', async () => {
    const clock = new ManualClock();
    await using h = await harness({ sessionBytes, clock, batchMs: 0, blockAtMostMs: 600_000 });
    h.host.register("s");
    let thaw = (): void => undefined;
    const thawed = new Promise<void>((resolve) => (thaw = resolve));
    h.host.before = () => thawed;
    const log = h.logs.session("s");
    log.registered();
    expect(log.write("stdout", Buffer.concat([numberedLines(1, 300), Buffer.from("Password: ")]))).toBe(
      false,
    );
    const room = log.drain();
    await clock.advance(60_000);
    thaw();
    await room;
    await h.host.holds("s", 300);
    await clock.advance(2000);
    await h.host.holds("s", 301);
    expect(h.host.messages("s").at(-1)).toBe("Password: ");
  });

  it('LOGS-4: with "block", a plugin waits for a host that takes nothing only so long; then records are dropped, and announced', async () => {
    await using h = await harness({ sessionBytes, blockAtMostMs: 400, callTimeoutMs: 600_000 });
    h.host.register("s");
    let thaw = (): void => undefined;
    const thawed = new Promise<void>((resolve) => (thaw = resolve));
    h.host.before = () => thawed;
    const log = h.logs.session("s");
    log.registered();
    await log.consume("stdout", Readable.from([lines(1, 10_000)]));
    const { dropped } = h.logs.stats;
    expect(dropped).toBeGreaterThan(0);
    expect(h.logs.stats.bufferedBytes).toBeLessThanOrEqual(2 * sessionBytes);
    thaw();
    await log.flush(10_000);
    expect(checkLog(h.host.records("s"), 10_000)).toEqual({
      ...flawless(10_000 - dropped),
      announced: dropped,
    });
    // The host is back: from now on a plugin waits again, and loses nothing.
    await log.consume("stdout", Readable.from([lines(10_001, 30_000)]));
    expect(await log.flush(20_000)).toBe(true);
    expect(h.logs.stats).toMatchObject({ dropped, delivered: 30_000 - dropped });
  });

  it("LOGS-4: a caller that writes on in spite of a full buffer does not fill the memory", async () => {
    await using h = await harness({ sessionBytes, holdMs: 600_000 });
    const log = h.logs.session("s");
    let answers = "";
    for (let n = 0; n < 20_000; n++) answers += log.write("stdout", lines(n, n)) ? "y" : "n";
    expect(answers).toMatch(/^y+n+$/);
    expect(h.logs.stats.bufferedBytes).toBeLessThanOrEqual(2 * sessionBytes);
  });

  it("LOGS-4: all sessions together have a limit, and the largest one pays for it", async () => {
    const totalBytes = 256 * 1024;
    await using h = await harness({ totalBytes, fullBuffer: "drop", holdMs: 600_000 });
    h.host.register("small", "large");
    const small = h.logs.session("small");
    const large = h.logs.session("large");
    small.write("stdout", lines(1, 100));
    for (let n = 0; n < 10; n++) {
      large.write("stdout", lines(n * 1000 + 1, n * 1000 + 1000));
      expect(h.logs.stats.bufferedBytes).toBeLessThanOrEqual(totalBytes);
    }
    const { dropped } = h.logs.stats;
    for (const log of [small, large]) log.registered();
    await Promise.all([small.flush(5000), large.flush(5000)]);
    expect(checkLog(h.host.records("small"), 100)).toEqual(flawless(100));
    expect(checkLog(h.host.records("large"), 10_000)).toEqual({
      ...flawless(10_000 - dropped),
      announced: dropped,
    });
  });

  it('LOGS-4: with "block", all sessions together stay in bounds while the host is down, and each log says what it misses', async () => {
    const totalBytes = 256 * 1024;
    await using h = await harness({ totalBytes, sessionBytes, blockAtMostMs: 20, callTimeoutMs: 600_000 });
    const ids = Array.from({ length: 20 }, (_, i) => `s${i}`);
    h.host.register(...ids);
    let thaw = (): void => undefined;
    const thawed = new Promise<void>((resolve) => (thaw = resolve));
    h.host.before = () => thawed;
    let most = 0;
    function* chunks(): Generator<Buffer> {
      for (let n = 1; n <= 3000; n += 100) {
        most = Math.max(most, h.logs.stats.bufferedBytes);
        yield lines(n, n + 99);
      }
    }
    const logs = ids.map((id) => h.logs.session(id));
    for (const log of logs) log.registered();
    await Promise.all(logs.map((log) => log.consume("stdout", Readable.from(chunks()))));
    expect(most).toBeGreaterThan(totalBytes / 2);
    expect(most).toBeLessThanOrEqual(2 * totalBytes);
    thaw();
    await Promise.all(logs.map((log) => log.flush(20_000)));
    for (const id of ids) {
      const verdict = checkLog(h.host.records(id), 3000);
      expect(verdict, id).toEqual({ ...flawless(verdict.arrived), announced: 3000 - verdict.arrived });
    }
  });

  it("LOGS-4: writers of one session get room when another session's records have gone", async () => {
    await using h = await harness({ totalBytes: 64 * 1024, blockAtMostMs: 600_000 });
    h.host.register("a", "b");
    const a = h.logs.session("a", { holdMs: 600_000 });
    const b = h.logs.session("b");
    a.write("stdout", lines(1, 1000));
    expect(b.write("stdout", lines(1, 1))).toBe(false);
    const room = b.drain();
    a.registered();
    await room;
    expect(b.write("stdout", lines(2, 2))).toBe(true);
  });

  it("LOGS-6: close tries once more for what is left, and reports what it could not send", async () => {
    const reports: string[] = [];
    await using h = await harness({
      batchMs: 60_000,
      holdMs: 600_000,
      fallback: (line) => reports.push(line),
    });
    h.host.register("s");
    const log = h.logs.session("s");
    log.write("stdout", Buffer.from("last"));
    await h.logs.close({ timeoutMs: 5000 });
    expect(h.host.messages("s")).toEqual(["last"]);
    log.write("stdout", Buffer.from("later\n"));
    const late = h.logs.session("late");
    late.registered();
    late.runtime("too late");
    expect(await late.flush(5000)).toBe(false);
    expect(reports).toEqual([]);

    await using gone = await harness({ fallback: (line) => reports.push(line) });
    await gone.host.shut();
    for (const id of ["a", "b"]) gone.logs.session(id).runtime("unheard");
    await gone.logs.close({ timeoutMs: 600_000 });
    expect(reports).toEqual([
      "2 log records dropped: the log host did not take them before the provider ended",
    ]);
  });
});
