import { create } from "@bufbuild/protobuf";
import { PluginRuntimeLogEntrySchema, PluginRuntimeLogStream } from "@gestalt-runtime/sdk/protocol";
import { describe, expect, it } from "vitest";
import { LogStore, hostLimits } from "../../src/host/index.js";

const entry = (message: string, sourceSeq = 0n) =>
  create(PluginRuntimeLogEntrySchema, { message, sourceSeq, stream: PluginRuntimeLogStream.STDOUT });

const messagesOf = (store: LogStore, session: string): readonly string[] | undefined =>
  store.read("p", session, 0, 10_000)?.map(({ message }) => message);

describe("LogStore", () => {
  it("LOGS-2: takes nothing for a session that is not registered", () => {
    const store = new LogStore();
    expect(store.append("p", "s", [entry("a")])).toBeUndefined();
    store.register("p", "s");
    expect(store.append("p", "s", [entry("a")])).toBe(1);
    expect(store.append("other provider", "s", [entry("a")])).toBeUndefined();
  });

  it("LOGS-2: numbers the records of each session by itself and answers with the last number", () => {
    const store = new LogStore();
    store.register("p", "s");
    store.register("p", "t");
    expect(store.append("p", "s", [entry("a", 9n), entry("b", 9n)])).toBe(2);
    expect(store.append("p", "t", [entry("a")])).toBe(1);
    expect(store.append("p", "s", [entry("c")])).toBe(3);
    expect(store.read("p", "s", 1, 1)).toMatchObject([
      { seq: 2, message: "b", sourceSeq: 9n, stream: "stdout" },
    ]);
  });

  it("LOGS-2: drops empty messages, keeps a newline, and answers 0 for a batch of nothing else", () => {
    const store = new LogStore();
    store.register("p", "s");
    expect(store.append("p", "s", [entry("a"), entry(""), entry("\n")])).toBe(2);
    expect(store.append("p", "s", [entry(""), entry("")])).toBe(0);
    expect(store.append("p", "s", [])).toBe(0);
    expect(messagesOf(store, "s")).toEqual(["a", "\n"]);
  });

  it("LOGS-2: never removes a duplicate", () => {
    const store = new LogStore();
    store.register("p", "s");
    expect(store.append("p", "s", [entry("a", 1n)])).toBe(1);
    expect(store.append("p", "s", [entry("a", 1n)])).toBe(2);
  });

  it("LOGS-2: keeps the newest 4,096 records of a session, and goes on counting", () => {
    const store = new LogStore();
    store.register("p", "s");
    for (let batch = 0; batch < 5; batch += 1)
      store.append(
        "p",
        "s",
        Array.from({ length: 1_000 }, (_, index) => entry(String(batch * 1_000 + index))),
      );
    const records = store.read("p", "s", 0, 10_000) ?? [];
    expect(hostLimits.logRecordsPerSession).toBe(4_096);
    expect([records.length, records[0]?.seq, records.at(-1)?.seq]).toEqual([4_096, 905, 5_000]);
  });

  it("LOGS-2: keeps 256 sessions over all providers and forgets the least recently used, a quiet live one too", () => {
    const store = new LogStore();
    expect(hostLimits.logSessions).toBe(256);
    for (let index = 0; index < 256; index += 1) store.register(`p${index % 2}`, `s${index}`);
    store.append("p0", "s0", [entry("still here")]);
    store.register("p", "one more");
    expect(store.append("p0", "s0", [entry("a")])).toBe(2);
    expect(store.append("p1", "s1", [entry("a")])).toBeUndefined();
    expect(store.append("p0", "s2", [entry("a")])).toBe(1);
  });

  it("LOGS-6: forgets a session with its records; registered again, it begins anew", () => {
    const store = new LogStore();
    store.register("p", "s");
    store.append("p", "s", [entry("a")]);
    store.forget("p", "s");
    expect(messagesOf(store, "s")).toBeUndefined();
    expect(store.append("p", "s", [entry("b")])).toBeUndefined();
    store.register("p", "s");
    expect(store.append("p", "s", [entry("c")])).toBe(1);
    store.register("p", "s");
    expect(messagesOf(store, "s")).toEqual([]);
  });
});
