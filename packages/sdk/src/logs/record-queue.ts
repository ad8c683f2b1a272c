import { dropAnnouncement, type LogRecord } from "./log-record.js";

/**
 * One session's records that wait to be sent, in order, and the memory of those that were lost before them.
 *
 * Losses are always at the front, so one range of numbers says all of them: the announcement stands where the
 * lost records stood, under the number of the last one, and the numbers that follow show the same gap (LOGS-4).
 */
export class RecordQueue {
  #records: LogRecord[] = [];
  #head = 0;
  #cost = 0;
  #lost: { first: number; last: number; reasons: Set<string> } | undefined;

  /** Records that wait, announcements not counted. */
  get size(): number {
    return this.#records.length - this.#head;
  }

  /** Bytes that the waiting records count for. */
  get cost(): number {
    return this.#cost;
  }

  /** True when there is neither a record nor a loss to tell. */
  get isEmpty(): boolean {
    return this.size === 0 && this.#lost === undefined;
  }

  push(record: LogRecord): void {
    this.#records.push(record);
    this.#cost += record.cost;
  }

  /** Takes the oldest record out and remembers its loss; undefined when there is none. */
  dropOldest(reason: string): LogRecord | undefined {
    const record = this.#shift();
    if (record !== undefined) this.noteLoss(record, reason);
    return record;
  }

  /** Remembers the loss of a record that is not, or no longer, in the queue. An announcement's losses stay told. */
  noteLoss(record: LogRecord, reason: string): void {
    const first = record.dropped > 0 ? record.sequence - record.dropped + 1 : record.sequence;
    this.#lost ??= { first, last: record.sequence, reasons: new Set() };
    this.#lost.first = Math.min(this.#lost.first, first);
    this.#lost.last = Math.max(this.#lost.last, record.sequence);
    this.#lost.reasons.add(reason);
  }

  /** Takes the next batch out: at most that many records and bytes, but one record at least. */
  take(maxRecords: number, maxCost: number, nowMs: number): LogRecord[] {
    const batch: LogRecord[] = [];
    let cost = 0;
    if (this.#lost !== undefined) {
      const { first, last, reasons } = this.#lost;
      const announcement = dropAnnouncement(first, last, [...reasons].join("; "), nowMs);
      batch.push(announcement);
      cost += announcement.cost;
      this.#lost = undefined;
    }
    while (batch.length < maxRecords) {
      const next = this.#records[this.#head];
      if (next === undefined || (batch.length > 0 && cost + next.cost > maxCost)) break;
      cost += next.cost;
      batch.push(next);
      this.#shift();
    }
    return batch;
  }

  #shift(): LogRecord | undefined {
    const record = this.#records[this.#head];
    if (record === undefined) return undefined;
    this.#head++;
    this.#cost -= record.cost;
    if (this.#head === this.#records.length) {
      this.#records = [];
      this.#head = 0;
    } else if (this.#head >= 4096 && this.#head * 2 >= this.#records.length) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
    return record;
  }
}
