import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { checkLog, flawless } from "./log-checker.js";
import { harness, lines, until } from "./forwarder-harness.js";
import { ManualClock } from "./manual-clock.js";

describe("log forwarder", () => {
  it("LOGS-1: numbers the records of all streams in one sequence, in the order they were written", async () => {
    await using h = await harness();
    h.host.register("s");
    const log = h.logs.session("s");
    log.registered();
    const before = Date.now();
    log.runtime("starting\nplugin");
    log.write("stdout", Buffer.from("one\ntw"));
    log.write("stderr", Buffer.from("oops\n"));
    log.write("stdout", Buffer.from("o\n"));
    expect(await log.flush(5000)).toBe(true);
    const records = h.host.records("s");
    expect(records.map(({ sourceSeq, stream, message }) => [sourceSeq, stream, message])).toEqual([
      [1, "runtime", "starting"],
      [2, "runtime", "plugin"],
      [3, "stdout", "one"],
      [4, "stderr", "oops"],
      [5, "stdout", "two"],
    ]);
    for (const record of records) {
      expect(record.observedAtMs).toBeGreaterThanOrEqual(before);
      expect(record.observedAtMs).toBeLessThanOrEqual(Date.now());
    }
  });

  it("LOGS-1: sends records by itself, without a flush", async () => {
    await using h = await harness();
    h.host.register("s");
    const log = h.logs.session("s");
    log.registered();
    log.write("stdout", Buffer.from("hello\n"));
    await until(() => h.logs.stats.delivered === 1);
    expect(h.host.messages("s")).toEqual(["hello"]);
  });

  it("LOGS-1: a line that has not ended is sent when nothing follows for a while", async () => {
    await using h = await harness({ partialLineMs: 20 });
    h.host.register("s");
    const log = h.logs.session("s");
    log.registered();
    log.write("stdout", Buffer.from("Password: "));
    await h.host.holds("s", 1);
    log.write("stdout", Buffer.from("\nwelcome\n"));
    await h.host.holds("s", 2);
    expect(h.host.messages("s")).toEqual(["Password: ", "welcome"]);
  });

  it("LOGS-2: a blank line arrives as a newline, and invalid UTF-8 does not cost its batch", async () => {
    await using h = await harness();
    h.host.register("s");
    const log = h.logs.session("s");
    log.registered();
    log.write("stdout", Buffer.from("a\n\r\n\nb \xff\xfe c\n\0\n", "latin1"));
    log.runtime("lone \ud800 surrogate");
    expect(await log.flush(5000)).toBe(true);
    expect(h.host.messages("s")).toEqual([
      "a",
      "\n",
      "\n",
      "b \ufffd\ufffd c",
      "\0",
      "lone \ufffd surrogate",
    ]);
    expect(h.host.calls).toHaveLength(1);
  });

  it("LOGS-2: holds a session's records back until the host knows it", async () => {
    await using h = await harness({ holdMs: 600_000, batchRecords: 1 });
    h.host.register("known");
    const held = h.logs.session("new");
    held.runtime("pulling image");
    expect(await held.flush(5000)).toBe(false);
    const other = h.logs.session("known");
    other.registered();
    other.runtime("hello");
    expect(await other.flush(5000)).toBe(true);
    expect(h.host.calls.map((call) => call.sessionId)).toEqual(["known"]);
    h.host.register("new");
    held.registered();
    expect(await held.flush(5000)).toBe(true);
    expect(h.host.messages("new")).toEqual(["pulling image"]);
  });

  it("LOGS-2: keeps the words of a slow StartSession, however long it takes, until a hold after its answer", async () => {
    const clock = new ManualClock();
    await using h = await harness({ clock, batchMs: 0 });
    const log = h.logs.session("s");
    log.runtime("pulling image");
    await clock.advance(599_000);
    log.runtime("booting");
    log.answered();
    await clock.advance(500);
    log.answered();
    await clock.advance(499);
    expect(await log.flush(5000)).toBe(false);
    expect(h.host.calls).toEqual([]);
    h.host.register("s");
    await clock.advance(1);
    await h.host.holds("s", 2);
    expect(h.host.messages("s")).toEqual(["pulling image", "booting"]);
  });

  it("LOGS-2: takes the plugin's first output for the answer, and gives up a StartSession that is never answered", async () => {
    const clock = new ManualClock();
    await using h = await harness({ clock, batchMs: 0 });
    h.host.register("output", "silent");
    h.logs.session("silent").runtime("creating");
    h.logs.session("output").write("stdout", lines(1, 1));
    await clock.advance(999);
    expect(h.host.calls).toEqual([]);
    await clock.advance(1);
    await h.host.holds("output", 1);
    await clock.advance(598_999);
    expect(h.host.calls).toHaveLength(1);
    await clock.advance(1);
    await h.host.holds("silent", 1);
  });

  it("LOGS-2: each session may set how long it is held back after the answer", async () => {
    await using h = await harness({ holdMs: 600_000 });
    h.host.register("s");
    const log = h.logs.session("s", { holdMs: 1 });
    log.runtime("hello");
    log.answered();
    await h.host.holds("s", 1);
  });

  it("LOGS-1: batches by count and by size, one call of a session at a time", async () => {
    await using h = await harness({ batchRecords: 100, batchBytes: 64 * 1024 });
    h.host.register("small", "large");
    const small = h.logs.session("small");
    const large = h.logs.session("large");
    for (const log of [small, large]) log.registered();
    small.write("stdout", lines(1, 1000));
    large.write("stdout", Buffer.from(`${"x".repeat(15_000)}\n`.repeat(40)));
    expect(await Promise.all([small.flush(5000), large.flush(5000)])).toEqual([true, true]);
    const entries = (id: string): number[] =>
      h.host.calls.filter((call) => call.sessionId === id).map((call) => call.entries);
    expect(entries("small")).toEqual(Array<number>(10).fill(100));
    expect(entries("large")).toEqual(Array<number>(10).fill(4));
    expect(h.host.most.perSession).toBe(1);
    expect(checkLog(h.host.records("small"), 1000)).toEqual(flawless(1000));
  });

  it("LOGS-4: sessions take turns, a bounded number of calls at a time, and a flush goes first", async () => {
    await using h = await harness({ batchRecords: 10, maxCalls: 2 });
    const ids = ["a", "b", "c", "d", "e"];
    h.host.register(...ids, "flushed");
    h.host.before = () => new Promise((resolve) => setTimeout(resolve, 1));
    for (const id of ids) {
      const log = h.logs.session(id);
      log.registered();
      log.write("stdout", lines(1, 300));
    }
    const flushed = h.logs.session("flushed");
    flushed.registered();
    flushed.runtime("stopping");
    expect(await flushed.flush(20_000)).toBe(true);
    expect(h.host.calls.findIndex((call) => call.sessionId === "flushed")).toBeLessThan(5);
    await Promise.all(ids.map((id) => h.host.holds(id, 300)));
    for (const id of ids) {
      const turns = h.host.calls.flatMap((call, i) => (call.sessionId === id ? [i] : []));
      const gaps = turns.slice(1).map((turn, i) => turn - (turns[i] ?? 0));
      expect(Math.max(...gaps), id).toBeLessThanOrEqual(ids.length + 2);
    }
    expect(h.host.most).toEqual({ inAll: 2, perSession: 1 });
  });

  it("LOGS-3, LOGS-6: a flush brings all that was written to the host, partial lines included, and end() forgets", async () => {
    await using h = await harness({ batchMs: 60_000, partialLineMs: 600_000 });
    h.host.register("s");
    const log = h.logs.session("s");
    log.registered();
    log.write("stderr", Buffer.from("Error: no such file\n  at main"));
    log.runtime("plugin exited with code 1");
    expect(await log.flush(5000)).toBe(true);
    expect(h.host.messages("s")).toEqual(["Error: no such file", "plugin exited with code 1", "  at main"]);
    log.write("stdout", Buffer.from("last words"));
    log.end();
    expect(await log.flush(5000)).toBe(true);
    expect(h.host.messages("s").at(-1)).toBe("last words");
    expect(h.logs.stats.sessions).toBe(0);
    log.runtime("too late");
    expect(h.logs.stats.written).toBe(4);
  });

  it("LOGS-3: a flush does not wait for what is written after it", async () => {
    await using h = await harness({ batchRecords: 1 });
    h.host.register("s");
    const log = h.logs.session("s");
    log.registered();
    // Each answer finds a new record: a flush that waited for an empty queue would never end.
    h.host.before = () => log.runtime("again");
    log.runtime("first");
    expect(await log.flush(20_000)).toBe(true);
    h.host.before = undefined;
  });

  it("PLUG-6: remembers the last lines of each stream", async () => {
    await using h = await harness({ tailLines: 3 });
    const log = h.logs.session("s");
    log.write("stderr", lines(1, 10));
    log.write("stderr", Buffer.from("\n"));
    log.write("stdout", Buffer.from("out\n"));
    expect(log.tail("stderr", 20)).toEqual(["line 9", "line 10", ""]);
    expect(log.tail("stderr", 1)).toEqual([""]);
    expect(log.tail("stderr", 0)).toEqual([]);
    expect(log.tail("runtime", 5)).toEqual([]);
    log.write("stderr", Buffer.from(`${"y".repeat(16_000)}\n`.repeat(3)));
    expect(log.tail("stderr", 20)).toHaveLength(1);
  });

  it("LOGS-1: 200,000 lines of a real process arrive, each once and in order", async () => {
    await using h = await harness();
    h.host.register("s");
    const log = h.logs.session("s");
    log.registered();
    const program = `
      let n = 0;
      const write = () => { while (n < 200000) if (!process.stdout.write("line " + ++n + " " + "x".repeat(80) + "\\n")) return process.stdout.once("drain", write); };
      write();
      process.stderr.write("half a line");`;
    const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "pipe"] });
    const exited = once(child, "exit");
    await Promise.all([log.consume("stdout", child.stdout), log.consume("stderr", child.stderr), exited]);
    expect(await log.flush(20_000)).toBe(true);
    const records = h.host.records("s");
    expect(checkLog(records, 200_001)).toEqual(flawless(200_001));
    const numbers = records.filter((r) => r.stream === "stdout").map((r) => Number(r.message.split(" ")[1]));
    expect(numbers.every((n, i) => n === i + 1)).toBe(true);
    expect(records.find((r) => r.stream === "stderr")?.message).toBe("half a line");
    expect(h.logs.stats).toMatchObject({ delivered: 200_001, dropped: 0, bufferedBytes: 0 });
  });

  it("reports a stream that can't be read to its end, and forwards what there was", async () => {
    await using h = await harness();
    h.host.register("s");
    const log = h.logs.session("s");
    log.registered();
    // eslint-disable-next-line @typescript-eslint/require-await
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from("some\xe2\x82", "latin1");
      throw new Error("EIO");
    }
    await log.consume("stdout", broken());
    await log.flush(5000);
    expect(h.host.messages("s")).toEqual(["stdout could not be read to its end: EIO", "some\ufffd"]);
    await until(() => h.logs.stats.calls === 0);
  });
});
