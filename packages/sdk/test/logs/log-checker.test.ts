import { describe, expect, it } from "vitest";
import { checkLog, flawless } from "./log-checker.js";
import type { StoredRecord } from "./log-host.js";

const record = (sourceSeq: number, message = `line ${sourceSeq}`): StoredRecord => ({
  seq: 0,
  sourceSeq,
  message,
  stream: message.includes("dropped") ? "runtime" : "stdout",
  observedAtMs: 0,
});

describe("the log checker itself", () => {
  it("passes a whole log", () => {
    expect(checkLog([record(1), record(2), record(3)], 3)).toEqual(flawless(3));
  });

  it("sees a loss in the middle and at the end", () => {
    expect(checkLog([record(1), record(3)], 4).missing).toEqual([2, 4]);
  });

  it("sees duplicates and disorder", () => {
    const verdict = checkLog([record(1), record(3), record(2), record(3)], 3);
    expect(verdict).toMatchObject({ duplicated: [3], reordered: [2], missing: [] });
  });

  it("takes an announced loss as told, and sees when the announcement is wrong", () => {
    const told = [record(1), record(4, "3 records dropped (source_seq 2 to 4): slow"), record(5)];
    expect(checkLog(told, 5)).toEqual({ ...flawless(2), announced: 3 });
    const wrong = [record(1), record(4, "2 records dropped (source_seq 2 to 4): slow"), record(5)];
    expect(checkLog(wrong, 5).falselyAnnounced).toHaveLength(1);
    const arrived = [record(1), record(2), record(4, "3 records dropped (source_seq 2 to 4): slow")];
    expect(checkLog(arrived, 4).falselyAnnounced).toEqual(["2 arrived"]);
  });
});
