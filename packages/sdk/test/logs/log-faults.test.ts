import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { RuntimeProviderError } from "../../src/errors/runtime-provider-error.js";
import { createLogForwarder } from "../../src/logs/log-forwarder.js";
import { checkLog, flawless } from "./log-checker.js";
import { harness, lines, until } from "./forwarder-harness.js";
import { ManualClock } from "./manual-clock.js";
import { numberedLine, numberedLines } from "./numbered-lines.js";
import { frozen, startFrozenHost } from "./log-host.js";

describe("log forwarder with a failing host", () => {
  it("LOGS-4: a host that went away and came back has everything once, in order", async () => {
    await using h = await harness();
    h.host.register("s");
    const log = h.logs.session("s");
    log.registered();
    log.write("stdout", lines(1, 500));
    expect(await log.flush(5000)).toBe(true);
    await h.host.shut();
    log.write("stdout", lines(501, 2500));
    expect(await log.flush(60_000)).toBe(false);
    log.write("stderr", lines(2501, 3000));
    await h.host.open();
    const records = await h.host.holds("s", 3000);
    expect(checkLog(records, 3000)).toEqual(flawless(3000));
    expect(records.map((record) => record.message)).toEqual(
      Array.from({ length: 3000 }, (_, i) => `line ${i + 1}`),
    );
  });

  it("LOGS-4: asks an absent host with one call at a time, and gives up a flush early", async () => {
    // Were each session to find out for itself, the doubling waits would take minutes.
    await using h = await harness({ backoffMs: 100, maxBackoffMs: 600_000 });
    const logs = Array.from({ length: 20 }, (_, i) => h.logs.session(`s${i}`));
    await h.host.shut();
    for (const log of logs) {
      log.registered();
      log.runtime("hello");
    }
    // The bound is far away: what ends this is that the host can't be reached.
    expect(await Promise.all(logs.map((log) => log.flush(600_000)))).toEqual(logs.map(() => false));
    expect(h.logs.stats.dropped).toBe(0);
  });

  it.each(["RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "ABORTED", "UNAVAILABLE"] as const)(
    "LOGS-4: after %s the same batch is sent again, and others do not wait",
    async (code) => {
      await using h = await harness({ batchRecords: 10 });
      h.host.register("s", "other");
      let refusals = 5;
      h.host.before = ({ sessionId }) => {
        if (sessionId === "s" && refusals-- > 0) throw new RuntimeProviderError(code, "not now");
      };
      const log = h.logs.session("s");
      const other = h.logs.session("other");
      for (const each of [log, other]) each.registered();
      log.write("stdout", lines(1, 100));
      other.write("stdout", lines(1, 100));
      await Promise.all([h.host.holds("s", 100), h.host.holds("other", 100)]);
      expect(checkLog(h.host.records("s"), 100)).toEqual(flawless(100));
      expect(h.host.calls.filter((call) => call.sessionId === "s")).toHaveLength(15);
    },
  );

  it("LOGS-4: a call that is never answered ends at its deadline and is made again", async () => {
    await using h = await harness({ callTimeoutMs: 50 });
    h.host.register("s");
    let freezes = 2;
    h.host.before = () => (freezes-- > 0 ? frozen() : undefined);
    const log = h.logs.session("s");
    log.registered();
    log.write("stdout", lines(1, 10));
    expect(checkLog(await h.host.holds("s", 10), 10)).toEqual(flawless(10));
    expect(h.host.calls).toHaveLength(3);
  });

  it("LOGS-4: a frozen host holds up neither writes, nor a flush past its bound, nor close (T16)", async () => {
    await using host = await startFrozenHost();
    const logs = createLogForwarder({
      target: host.target,
      callTimeoutMs: 600_000,
      fallback: () => undefined,
    });
    const log = logs.session("s");
    log.registered();
    const order: string[] = [];
    // No phase line of a start waits for anything: all of it is over before the first turn of the event loop.
    setImmediate(() => order.push("event loop"));
    for (let phase = 0; phase < 1000; phase++) log.runtime(`phase ${phase}`);
    order.push("written");
    expect(await log.flush(20)).toBe(false);
    expect(order).toEqual(["written", "event loop"]);
    await logs.close({ timeoutMs: 20 });
    expect(logs.stats).toMatchObject({
      written: 1000,
      dropped: 1000,
      calls: 0,
      sessions: 0,
      bufferedBytes: 0,
    });
  });

  it("LOGS-4: close ends a call that the host does not answer", async () => {
    await using h = await harness({ callTimeoutMs: 600_000 });
    h.host.before = frozen;
    const log = h.logs.session("s");
    log.registered();
    log.runtime("hello");
    await until(() => h.host.calls.length === 1);
    await h.logs.close({ timeoutMs: 0 });
    expect(h.logs.stats).toMatchObject({ written: 1, dropped: 1, calls: 0 });
  });

  it.each(["INTERNAL", "NOT_FOUND"] as const)(
    "LOGS-2: a session that the host does not know yet (%s) is tried again",
    async (unknown) => {
      await using h = await harness();
      h.host.unknown = unknown;
      const log = h.logs.session("s");
      log.registered();
      log.write("stdout", lines(1, 10));
      await until(() => h.host.calls.length >= 3);
      h.host.register("s");
      expect(checkLog(await h.host.holds("s", 10), 10)).toEqual(flawless(10));
    },
  );

  it.each(["INTERNAL", "NOT_FOUND"] as const)(
    "LOGS-6: a session that stays unknown (%s) is not tried for ever: its records are counted and reported",
    async (unknown) => {
      await using h = await harness({ unknownSessionMs: 40 });
      h.host.unknown = unknown;
      h.host.register("known");
      const log = h.logs.session("s");
      log.registered();
      log.write("stdout", lines(1, 10));
      await until(() => h.logs.stats.dropped === 10);
      const calls = h.host.calls.length;
      expect(calls).toBeGreaterThan(1);
      log.write("stdout", lines(11, 20));
      log.registered();
      expect(await log.flush(5000)).toBe(false);
      const other = h.logs.session("known");
      other.registered();
      other.runtime("hello");
      expect(await other.flush(5000)).toBe(true);
      expect(h.host.calls).toHaveLength(calls + 1);
      expect(h.logs.stats).toMatchObject({ written: 21, delivered: 1, dropped: 20, bufferedBytes: 0 });
      expect(h.reports).toEqual(["session s: 10 log records dropped: the log host did not know the session"]);
    },
  );

  it("LOGS-2: the host's first call for a session that was given up opens it again, and the loss is told", async () => {
    await using h = await harness({ holdMs: 0, unknownSessionMs: 20 });
    const log = h.logs.session("s");
    log.write("stdout", lines(1, 10));
    await until(() => h.logs.stats.dropped === 10);
    log.write("stdout", lines(11, 12));
    h.host.register("s");
    log.registered();
    log.write("stdout", lines(13, 13));
    expect(await log.flush(5000)).toBe(true);
    expect(checkLog(h.host.records("s"), 13)).toEqual({ ...flawless(1), announced: 12 });
    expect(h.host.messages("s")).toEqual([
      "12 records dropped (source_seq 1 to 12): the log host did not know the session",
      "line 13",
    ]);
  });

  it("LOGS-6: an ended session is not tried for ever", async () => {
    await using h = await harness({ unknownSessionMs: 20 });
    h.host.before = () => {
      throw new RuntimeProviderError("RESOURCE_EXHAUSTED", "never");
    };
    const log = h.logs.session("s");
    log.registered();
    log.runtime("bye");
    log.end();
    await until(() => h.logs.stats.sessions === 0);
    expect(h.logs.stats).toMatchObject({ written: 1, dropped: 1, bufferedBytes: 0 });
  });

  it.each(["INVALID_ARGUMENT", "INTERNAL"] as const)(
    "LOGS-2: of a batch that the host refuses (%s), only the bad record is lost, and said to be",
    async (code) => {
      await using h = await harness();
      h.host.register("s");
      h.host.before = ({ logs }) => {
        if (logs.some(({ message }) => message === "line 37" || message === "line 900"))
          throw new RuntimeProviderError(code, "bad record");
      };
      const log = h.logs.session("s");
      log.registered();
      log.write("stdout", lines(1, 1000));
      expect(await log.flush(10_000)).toBe(false);
      await h.host.holds("s", 1000);
      const records = h.host.records("s");
      expect(checkLog(records, 1000)).toEqual({ ...flawless(998), announced: 2 });
      expect(records[36]).toMatchObject({
        sourceSeq: 37,
        stream: "runtime",
        message: `1 record dropped (source_seq 37): the log host refused it (${code}: bad record)`,
      });
      expect(h.logs.stats).toMatchObject({ delivered: 998, dropped: 2, bufferedBytes: 0 });
    },
  );

  it("LOGS-4: a host that refuses everything is not asked about each record", async () => {
    await using h = await harness({ maxBackoffMs: 600_000, backoffMs: 300_000 });
    h.host.register("s");
    h.host.before = () => {
      throw new RuntimeProviderError("INVALID_ARGUMENT", "no logs here");
    };
    const log = h.logs.session("s");
    log.registered();
    log.write("stdout", lines(1, 1000));
    await until(() => h.logs.stats.dropped === 1000);
    expect(h.host.calls.length).toBeLessThan(20);
    h.host.before = undefined;
    expect(await log.flush(5000)).toBe(true);
    expect(checkLog(h.host.records("s"), 1000)).toEqual({ ...flawless(0), announced: 1000 });
  });
});

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
    log.write("stdout", Buffer.from("prompt"));
    await clock.advance(2000);
    await h.host.holds("s", 2001);
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
