import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import {
  AppendPluginRuntimeLogsRequestSchema,
  PluginRuntimeLogStream,
} from "../../src/gen/gestalt/provider/v1/runtime_logs_pb.js";
import { AppendRequests } from "../../src/logs/append-request.js";
import { logRecord } from "../../src/logs/log-record.js";

const decoded = (request: ReturnType<AppendRequests["of"]>) =>
  fromBinary(AppendPluginRuntimeLogsRequestSchema, toBinary(AppendPluginRuntimeLogsRequestSchema, request));

describe("an AppendLogs request", () => {
  const records = [
    logRecord(1, "stdout", "plain", 0),
    logRecord(2, "stderr", "é€😀\u0000", 1_764_000_000_123),
    logRecord(3, "runtime", "\n", 1_764_000_000_123),
    logRecord(0xffff_ffff, "stdout", "x".repeat(16_384), 1_764_000_000_124.5),
    logRecord(0x1_0000_0000, "stdout", "lone \ud800 surrogate", -1),
    logRecord(Number.MAX_SAFE_INTEGER, "stdout", "last", 253_402_300_799_999),
  ];

  it("LOGS-1, LOGS-2: is on the wire what the generated code would write", () => {
    const requests = new AppendRequests();
    const streams = {
      stdout: PluginRuntimeLogStream.STDOUT,
      stderr: PluginRuntimeLogStream.STDERR,
      runtime: PluginRuntimeLogStream.RUNTIME,
    };
    const expected = create(AppendPluginRuntimeLogsRequestSchema, {
      sessionId: "sé",
      logs: records.map((record) => ({
        stream: streams[record.stream],
        message: record.message.replace("\ud800", "\ufffd"),
        observedAt: timestampFromMs(record.observedAtMs),
        sourceSeq: BigInt(record.sequence),
      })),
    });
    // Twice: nothing of a request stays for the next one.
    for (let i = 0; i < 2; i++) expect(decoded(requests.of("sé", records))).toEqual(expected);
  });

  it("leaves nothing of a record that can't be written, such as one of a broken clock, in the next request", () => {
    const requests = new AppendRequests();
    const broken = logRecord(2, "stdout", "when?", Number.NaN);
    expect(() => requests.of("s", [...records, broken])).toThrow(RangeError);
    expect(decoded(requests.of("s", records.slice(0, 2))).logs).toHaveLength(2);
  });

  it("is one of its own each time, and may be empty", () => {
    const requests = new AppendRequests();
    const first = requests.of("a", records.slice(0, 1));
    requests.of("b", records.slice(1));
    expect(decoded(first).logs.map(({ message }) => message)).toEqual(["plain"]);
    expect(decoded(requests.of("c", [])).logs).toEqual([]);
  });
});
