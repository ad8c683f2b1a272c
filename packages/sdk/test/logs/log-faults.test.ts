import { describe, expect, it } from "vitest";
import { RuntimeProviderError } from "../../src/errors/runtime-provider-error.js";
import { createLogForwarder } from "../../src/logs/log-forwarder.js";
import { checkLog, flawless } from "./log-checker.js";
import { harness, lines, until } from "./forwarder-harness.js";
import { ManualClock } from "./manual-clock.js";
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

  it("LOGS-4: waits twice as long after each failure, and begins anew after a success", async () => {
    const clock = new ManualClock();
    await using h = await harness({ clock, batchMs: 0, backoffMs: 100, maxBackoffMs: 400 });
    h.host.register("s");
    let fails = true;
    h.host.before = () => {
      if (fails) throw new RuntimeProviderError("RESOURCE_EXHAUSTED", "not now");
    };
    const log = h.logs.session("s");
    log.registered();
    const failures = async (waits: number[]): Promise<void> => {
      log.runtime("hello");
      await clock.advance(0);
      for (const wait of waits) {
        await until(() => h.logs.stats.calls === 0);
        const calls = h.host.calls.length;
        await clock.advance(wait - 1);
        expect(h.host.calls).toHaveLength(calls);
        await clock.advance(1);
        await until(() => h.host.calls.length === calls + 1);
      }
    };
    await failures([100, 200, 400, 400]);
    const success = async (records: number): Promise<void> => {
      await until(() => h.logs.stats.calls === 0);
      fails = false;
      await clock.advance(400);
      await until(() => h.logs.stats.delivered === records);
      fails = true;
    };
    await success(1);
    await failures([100, 200]);
    await success(2);
  });

  it("LOGS-2: a session that the host did not know at first is not given up later", async () => {
    const clock = new ManualClock();
    await using h = await harness({ clock, batchMs: 0, backoffMs: 100, unknownSessionMs: 1000 });
    const log = h.logs.session("s");
    log.registered();
    log.runtime("early");
    await clock.advance(0);
    await until(() => h.host.calls.length === 1 && h.logs.stats.calls === 0);
    h.host.register("s");
    await clock.advance(100);
    await until(() => h.logs.stats.delivered === 1);
    await clock.advance(60_000);
    log.runtime("late");
    expect(await log.flush(5000)).toBe(true);
    expect(h.host.messages("s")).toEqual(["early", "late"]);
  });

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

  it("LOGS-1, LOGS-4: what was written while the host was frozen arrives under rising numbers (T16)", async () => {
    await using h = await harness({ batchRecords: 64 });
    h.host.register("s");
    let thaw = (): void => undefined;
    const thawed = new Promise<void>((resolve) => (thaw = resolve));
    h.host.before = () => thawed;
    const log = h.logs.session("s");
    log.registered();
    for (let phase = 1; phase <= 500; phase++) {
      log.runtime(`phase ${phase}`);
      log.write(phase % 2 === 0 ? "stdout" : "stderr", lines(phase, phase));
      if (phase === 100) await until(() => h.logs.stats.calls === 1);
    }
    expect(h.host.records("s")).toEqual([]);
    thaw();
    expect(await log.flush(20_000)).toBe(true);
    const records = h.host.records("s");
    expect(records.map(({ sourceSeq }) => sourceSeq)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(records.map(({ message }) => message)).toEqual(
      Array.from({ length: 1000 }, (_, i) => `${i % 2 === 0 ? "phase" : "line"} ${(i >> 1) + 1}`),
    );
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
      const report = "session s: 10 log records dropped: the log host did not know the session";
      expect(h.reports).toEqual([report]);
      // What came after that is told in one line, at the end.
      log.end();
      expect(h.reports).toEqual([report, report]);
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
