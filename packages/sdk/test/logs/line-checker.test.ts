import { describe, expect, it } from "vitest";
import { LineChecker, type CheckedRecord, type LineVerdict } from "./line-checker.js";
import { numberedLine, numberedLines } from "./numbered-lines.js";

const line = (sourceSeq: number): CheckedRecord => ({
  sourceSeq,
  stream: "stdout",
  message: numberedLine(sourceSeq),
});
const lost = (sourceSeq: number, message: string): CheckedRecord => ({
  sourceSeq,
  stream: "runtime",
  message,
});

function check(records: readonly CheckedRecord[], written: number): LineVerdict {
  const checker = new LineChecker();
  for (const record of records) checker.add(record);
  return checker.verdict(written);
}

describe("the line checker itself", () => {
  it("knows lines of 100 bytes, no two alike", () => {
    expect(numberedLines(1, 3)).toHaveLength(300);
    expect(numberedLine(7)).not.toBe(numberedLine(8));
  });

  it("passes a whole log, one with an announced loss, and one with a batch that came twice", () => {
    expect(check([line(1), line(2), line(3)], 3)).toEqual({
      received: 3,
      announced: 0,
      announcements: 0,
      repeated: 0,
      faults: [],
    });
    const told = [line(1), lost(4, "3 records dropped (source_seq 2 to 4): slow"), line(5)];
    expect(check(told, 5)).toMatchObject({ received: 2, announced: 3, announcements: 1, faults: [] });
    const twice = [line(1), line(2), line(1), line(2), line(3)];
    expect(check(twice, 3)).toMatchObject({ received: 3, repeated: 2, faults: [] });
  });

  it.each<[string, CheckedRecord[], number, string]>([
    ["a loss", [line(1), line(3)], 3, "line 3 follows line 1"],
    ["a loss at the end", [line(1), line(2)], 3, "the log ends with line 2 of 3"],
    ["a loss at the beginning", [line(2)], 2, "line 2 follows line 0"],
    ["a swap", [line(1), line(3), line(2)], 3, "line 2 came after line 3, or was announced as lost"],
    [
      "a line of another number",
      [{ ...line(1), message: numberedLine(2) }],
      1,
      'source_seq 1 on stdout is "line 000000002 xxxxxxxxxxxxxxxxxxxxxxxxx"',
    ],
    ["half a line", [{ ...line(1), message: "line 000000001" }], 1, 'on stdout is "line 000000001"'],
    ["another stream", [{ ...line(1), stream: "stderr" }], 1, "source_seq 1 on stderr"],
    [
      "a wrong count",
      [line(1), lost(3, "1 record dropped (source_seq 2 to 3): slow")],
      3,
      "after line 1, source_seq 3 is",
    ],
    ["a wrong number", [lost(3, "2 records dropped (source_seq 1 to 2): slow")], 2, "source_seq 3 is"],
    [
      "an announcement of what arrived",
      [line(1), line(2), lost(3, "2 records dropped (source_seq 2 to 3): slow")],
      3,
      "after line 2, source_seq 3 is",
    ],
    [
      "an announced line that arrived",
      [lost(2, "2 records dropped (source_seq 1 to 2): slow"), line(2)],
      2,
      "line 2 came after line 2, or was announced as lost",
    ],
    ["another message of the runtime", [lost(1, "starting")], 1, 'source_seq 1 is "starting"'],
  ])("sees %s", (_, records, written, fault) => {
    expect(check(records, written).faults.join("; ")).toContain(fault);
  });

  it("counts a repeat", () => {
    expect(check([line(1), line(1)], 1).repeated).toBe(1);
  });
});
