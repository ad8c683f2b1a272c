import { describe, expect, it } from "vitest";
import type { LogPullRead } from "../../src/logs/log-pull.js";
import { never, pullHarness, reads, text, type PullHarness } from "./pull-harness.js";

describe("a log that is fetched, to its end", () => {
  it("LOGS-1: after the plugin's end the read under way is cut off, and one last read brings the last lines", async () => {
    const h = pullHarness();
    const over = new AbortController();
    let followed: AbortSignal | undefined;
    const read = reads(
      async (_, sink, signal) => {
        followed = signal;
        await text(sink, "one\ntw", "6");
        await never();
      },
      (_, sink) => text(sink, "o\nlast words"),
    );
    const pulled = h.log.pull(read, { signal: over.signal });
    await h.clock.advance(100);
    over.abort();
    await pulled;
    expect(followed?.aborted).toBe(true);
    expect(read.cursors).toEqual([undefined, "6"]);
    expect(h.messages("stdout")).toEqual(["one", "two", "last words"]);
    await h.clock.advance(600_000);
    expect(read.cursors).toHaveLength(2);
    expect(h.clock.due).toEqual([]);
  });

  it("LOGS-1: the last read is tried again when it fails, and has a bound", async () => {
    const h = pullHarness();
    const over = new AbortController();
    over.abort();
    const read = reads(
      () => Promise.reject(new Error("503")),
      () => Promise.reject(new Error("503")),
      (_, sink) => text(sink, "at last\n"),
    );
    const pulled = h.log.pull(read, { signal: over.signal });
    await h.clock.advance(500);
    await pulled;
    expect(h.messages("stdout")).toEqual(["at last"]);

    let signal: AbortSignal | undefined;
    let ended = false;
    void h.log
      .pull(
        (_, __, given) => {
          signal = given;
          return never();
        },
        { signal: over.signal },
      )
      .then(() => (ended = true));
    await h.clock.advance(1999);
    expect({ ended, aborted: signal?.aborted }).toEqual({ ended: false, aborted: false });
    await h.clock.advance(1);
    expect({ ended, aborted: signal?.aborted }).toEqual({ ended: true, aborted: true });
  });

  it("LOGS-1: the plugin's end in a pause leads to the last read at once", async () => {
    const h = pullHarness();
    const over = new AbortController();
    const read = reads();
    const pulled = h.log.pull(read, { signal: over.signal });
    await h.clock.advance(60_000);
    const before = read.cursors.length;
    over.abort();
    await pulled;
    expect(read.cursors).toHaveLength(before + 1);
  });

  it.each([
    ["end", ({ log }: PullHarness): unknown => log.end()],
    ["close", ({ logs }: PullHarness): unknown => logs.close()],
  ])("LOGS-6: the log's %s ends every pull of it", async (_, finish) => {
    const h = pullHarness();
    const signals: AbortSignal[] = [];
    const hanging: LogPullRead = (_, sink, signal) => {
      signals.push(signal);
      return text(sink, "some").then(never);
    };
    const pulls = [h.log.pull(hanging), h.log.pull(hanging), h.log.pull(reads())];
    await h.clock.advance(100);
    finish(h);
    await Promise.all(pulls);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(h.messages("stdout")).toEqual(["somesome"]);
    await h.log.pull(() => Promise.reject(new Error("too late")));
    await h.clock.advance(600_000);
    expect(signals).toHaveLength(2);
    expect(h.messages("runtime")).toEqual([]);
  });

  it("LOGS-1: shows a prompt when the source has no more of it, and joins a line that goes on", async () => {
    const h = pullHarness();
    const read = reads(
      (_, sink) => text(sink, "Password: ", "1"),
      (_, sink) => text(sink, "(hidden", "2"),
      () => Promise.resolve(),
      (_, sink) => text(sink, ")\nwelcome\n", "3"),
    );
    void h.log.pull(read, { retry: { firstMs: 5000 } });
    await h.clock.advance(7000);
    expect(read.cursors).toHaveLength(2);
    expect(h.messages("stdout")).toEqual([]);
    await h.clock.advance(3000);
    expect(read.cursors).toHaveLength(3);
    expect(h.messages("stdout")).toEqual(["Password: (hidden"]);
    await h.clock.advance(5000);
    expect(h.messages("stdout")).toEqual(["Password: (hidden", ")", "welcome"]);
  });

  it("LOGS-1: shows a prompt while a read goes on that brings no more", async () => {
    const h = pullHarness();
    void h.log.pull(async (_, sink) => {
      await text(sink, "Password: ", "1");
      await never();
    });
    await h.clock.advance(1500);
    expect(h.messages("stdout")).toEqual(["Password: "]);
  });

  it("LOGS-4: a read that misuses its sink is told how, and so is the log", async () => {
    const h = pullHarness();
    void h.log.pull((_, sink) => {
      void sink.write("out" as "stdout", Buffer.from("lost?\n"));
      return Promise.resolve();
    });
    void h.log.pull(async (_, sink) => {
      await sink.write("stdout", "text" as unknown as Uint8Array);
    });
    await h.clock.advance(1);
    expect(h.messages("runtime")).toEqual([
      'pull: the stream is "out"; write "stdout" or "stderr"',
      "pull: the bytes are no Uint8Array; write Buffer.from(text)",
    ]);
  });

  it("LOGS-1: refuses times that can't be", async () => {
    const { log } = pullHarness();
    const never = (): Promise<void> => Promise.reject(new Error("not called"));
    await expect(log.pull(never, { lastReadMs: 0 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "pull: lastReadMs is 0; write a whole number from 1 to 86400000, or leave it out",
    });
    await expect(log.pull(never, { silenceMs: 1.5 })).rejects.toThrow("pull: silenceMs is 1.5");
    await expect(log.pull(never, { retry: { firstMs: 10, maxMs: 5 } })).rejects.toThrow(
      "pull: retry.maxMs is 5; write a whole number from 10",
    );
  });
});
