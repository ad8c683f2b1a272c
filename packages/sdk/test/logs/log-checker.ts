import type { StoredRecord } from "./log-host.js";

export interface LogVerdict {
  /** Records that arrived, announcements not counted. */
  readonly arrived: number;
  /** Numbers that announcements stand for. */
  readonly announced: number;
  /** Numbers from 1 to `written` that neither arrived nor are announced. */
  readonly missing: number[];
  readonly duplicated: number[];
  /** Numbers that came after a greater one. */
  readonly reordered: number[];
  /** Announcements whose count and range differ, or that name a number that arrived all the same. */
  readonly falselyAnnounced: string[];
}

/** Compares a session's log with the numbers that were given out: what was written is there, or said to be missing. */
export function checkLog(records: readonly StoredRecord[], written: number): LogVerdict {
  const arrived = new Set<number>();
  const announced = new Set<number>();
  const duplicated: number[] = [];
  const reordered: number[] = [];
  const falselyAnnounced: string[] = [];
  let last = 0;
  for (const record of records) {
    if (record.sourceSeq < last) reordered.push(record.sourceSeq);
    last = Math.max(last, record.sourceSeq);
    const notice = /^(\d+) records? dropped \(source_seq (\d+)(?: to (\d+))?\): ./.exec(record.message);
    if (record.stream !== "runtime" || notice === null) {
      if (arrived.has(record.sourceSeq)) duplicated.push(record.sourceSeq);
      arrived.add(record.sourceSeq);
      continue;
    }
    const [count, first, end] = [notice[1], notice[2], notice[3] ?? notice[2]].map(Number) as [
      number,
      number,
      number,
    ];
    if (count !== end - first + 1 || end !== record.sourceSeq) falselyAnnounced.push(record.message);
    for (let n = first; n <= end; n++) announced.add(n);
  }
  for (const n of announced) if (arrived.has(n)) falselyAnnounced.push(`${n} arrived`);
  const missing: number[] = [];
  for (let n = 1; n <= written; n++) if (!arrived.has(n) && !announced.has(n)) missing.push(n);
  return {
    arrived: arrived.size,
    announced: announced.size,
    missing,
    duplicated,
    reordered,
    falselyAnnounced,
  };
}

/** The verdict on a log where nothing was lost. */
export const flawless = (arrived: number): LogVerdict => ({
  arrived,
  announced: 0,
  missing: [],
  duplicated: [],
  reordered: [],
  falselyAnnounced: [],
});
