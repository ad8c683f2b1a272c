import { describe, expect, it } from "vitest";
import type { LogPullSink } from "../../src/logs/pull-sink.js";
import { checkLog, flawless } from "./log-checker.js";
import { harness, lines, until } from "./forwarder-harness.js";
import { never, pullHarness, reads, text } from "./pull-harness.js";
import { random } from "./random.js";

describe("a log that is fetched", () => {
  it("LOGS-1: goes on from the last cursor that was taken, in the midst of a line and of a character", async () => {
    const whole = Buffer.from("one\ntwo €uro\n\nthree");
    for (let at = 0; at <= whole.length; at++) {
      const h = pullHarness();
      const over = new AbortController();
      const read = reads(
        async (_, sink) => {
          await sink.write("stdout", whole.subarray(0, at), `${at}`);
          throw new Error("reset");
        },
        async (cursor, sink) => {
          await sink.write("stdout", whole.subarray(Number(cursor)), "end");
          over.abort();
        },
      );
      const pulled = h.log.pull(read, { signal: over.signal });
      // Far longer than a line may wait for its end: a broken stream says nothing about the line.
      await h.clock.advance(10_000);
      await pulled;
      expect(h.messages("stdout"), `broken at ${at}`).toEqual(["one", "two €uro", "", "three"]);
      expect(read.cursors).toEqual([undefined, `${at}`, "end"]);
    }
  });

  it("LOGS-1: neither loses nor repeats a line wherever reads break, whatever has cursors", async () => {
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      const events = Array.from({ length: 12 }, (_, i) => ({
        stream: next(3) === 0 ? ("stderr" as const) : ("stdout" as const),
        bytes: Buffer.from(`${i} ${"é€x".repeat(next(3))}${next(4) === 0 ? "" : "\n"}`),
      }));
      const cursorEvery = next(5);
      const h = pullHarness();
      const over = new AbortController();
      let available = 0;
      let breaks = 20;

      const read = async (cursor: string | undefined, sink: LogPullSink): Promise<void> => {
        available = Math.min(available + 1 + next(4), events.length);
        for (let i = Number(cursor ?? 0); i < available; i++) {
          const { stream, bytes } = events[i] ?? { stream: "stdout", bytes: Buffer.alloc(0) };
          for (let at = 0; at < bytes.length;) {
            if (next(8) === 0 && breaks-- > 0) throw new Error("reset");
            const size = 1 + next(bytes.length);
            const isLast = at + size >= bytes.length;
            const withCursor = isLast && cursorEvery > 0 && next(cursorEvery) === 0;
            await sink.write(stream, bytes.subarray(at, at + size), withCursor ? `${i + 1}` : undefined);
            at += size;
          }
        }
        if (available === events.length) over.abort();
      };

      const pulled = h.log.pull(read, { signal: over.signal, lastReadMs: 60_000 });
      for (let step = 0; step < 60; step++) await h.clock.advance(5000);
      await pulled;
      for (const stream of ["stdout", "stderr"] as const) {
        const all = Buffer.concat(events.flatMap((event) => (event.stream === stream ? [event.bytes] : [])));
        const expected = all.toString().split("\n");
        if (expected.at(-1) === "") expected.pop();
        expect(h.messages(stream), `seed ${seed}, ${stream}`).toEqual(expected);
      }
    }
  });

  it("LOGS-1: knows what was taken past the cursor by its number, also where later cursors come earlier", async () => {
    const h = pullHarness();
    const read = reads(
      async (_, sink) => {
        await text(sink, "a1\na2\n", "2");
        await text(sink, "a3\na4\na5\n");
        throw new Error("reset");
      },
      async (_, sink) => {
        // In other pieces than before, and with a cursor in the midst of what is known.
        await text(sink, "a3\n", "3");
        throw new Error("reset");
      },
      async (_, sink) => {
        await text(sink, "a4\na");
        await text(sink, "5\na6\n", "6");
      },
    );
    void h.log.pull(read);
    await h.clock.advance(10_000);
    expect(h.messages("stdout")).toEqual(["a1", "a2", "a3", "a4", "a5", "a6"]);
    expect(read.cursors.slice(0, 4)).toEqual([undefined, "2", "3", "6"]);
  });

  it("LOGS-1: takes a cursor that comes by itself, after a page", async () => {
    const h = pullHarness();
    const read = reads(
      async (_, sink) => {
        await text(sink, "one\ntwo\n");
        await sink.write("stderr", Buffer.from("oops\n"));
        await text(sink, "", "page 1");
        throw new Error("reset");
      },
      (_, sink) => text(sink, "three\n", "page 2"),
    );
    void h.log.pull(read);
    await h.clock.advance(1000);
    expect(h.messages("stdout")).toEqual(["one", "two", "three"]);
    expect(h.messages("stderr")).toEqual(["oops"]);
    expect(read.cursors.slice(0, 3)).toEqual([undefined, "page 1", "page 2"]);
  });

  it("LOGS-4: a write that waits for room when its read is cut off counts as far as it was taken", async () => {
    const sessionBytes = 64 * 1024;
    await using h = await harness({ sessionBytes, blockAtMostMs: 600_000 });
    h.host.register("s");
    let thaw = (): void => undefined;
    const thawed = new Promise<void>((resolve) => (thaw = resolve));
    h.host.before = () => thawed;
    const log = h.logs.session("s");
    log.registered();
    const all = lines(1, 5000);
    const over = new AbortController();
    const outcomes: string[] = [];
    const read = reads(
      async (_, sink) => {
        const write = sink.write("stdout", all, "all");
        outcomes.push(await write.then(String, (error: unknown) => (error as Error).message));
      },
      async (cursor, sink) => {
        outcomes.push(`cursor ${cursor}`);
        await sink.write("stdout", all, "all");
      },
    );
    const pulled = log.pull(read, { signal: over.signal, lastReadMs: 600_000 });
    await until(() => h.logs.stats.bufferedBytes > sessionBytes / 2);
    over.abort();
    thaw();
    await pulled;
    expect(await log.flush(20_000)).toBe(true);
    expect(outcomes.sort()).toEqual(["cursor undefined", "pull: this read is over"]);
    expect(checkLog(h.host.records("s"), 5000)).toEqual(flawless(5000));
    expect(h.host.messages("s").at(-1)).toBe("line 5000");
  });

  it("LOGS-1: takes nothing of a read that was left behind", async () => {
    const h = pullHarness();
    let late: LogPullSink | undefined;
    const read = reads(
      async (_, sink) => {
        late = sink;
        await text(sink, "one\n", "1");
        await never();
      },
      async (_, sink) => {
        await expect(late?.write("stdout", Buffer.from("again\n"), "x")).rejects.toMatchObject({
          code: "CANCELLED",
          message: "pull: this read is over",
        });
        await text(sink, "two\n", "2");
      },
    );
    void h.log.pull(read, { silenceMs: 1000 });
    await h.clock.advance(3000);
    expect(h.messages("stdout")).toEqual(["one", "two"]);
    expect(read.cursors.slice(0, 3)).toEqual([undefined, "1", "2"]);
  });

  it("LOGS-4: says so when a source comes back shorter than it was", async () => {
    const h = pullHarness();
    const read = reads(
      (_, sink) => text(sink, "one\ntwo\n"),
      (_, sink) => text(sink, "two\n"),
      (_, sink) => text(sink, "two\n"),
    );
    void h.log.pull(read);
    await h.clock.advance(1200);
    expect(read.cursors).toHaveLength(3);
    expect(h.messages("runtime")).toEqual([
      "stdout came 4 bytes shorter than before; if its source drops old output, lines are missing from here on: each write needs a cursor",
    ]);
  });
});
