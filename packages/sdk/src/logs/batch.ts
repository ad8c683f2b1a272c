import { dropAnnouncement, type LogRecord } from "./log-record.js";

/**
 * The records that are on their way to the host, in order: one piece, or several once the host has refused
 * them together. The first piece is the one to send.
 */
export class Batch {
  #pieces: LogRecord[][];
  #cost = 0;

  constructor(records: LogRecord[]) {
    this.#pieces = records.length === 0 ? [] : [records];
    for (const record of records) this.#cost += ordinaryCost(record);
  }

  get first(): readonly LogRecord[] | undefined {
    return this.#pieces[0];
  }

  /** What its ordinary records count for; announcements are free. */
  get cost(): number {
    return this.#cost;
  }

  /** Takes the first piece out: the host has it. */
  shift(): readonly LogRecord[] {
    const piece = this.#pieces.shift() ?? [];
    for (const record of piece) this.#cost -= ordinaryCost(record);
    return piece;
  }

  /**
   * The host refuses the first piece: halves it, so that in the end a single bad record is found and an
   * announcement stands in its place.
   *
   * @returns the record that is lost by it, if one is; `"all"` when the host refused even an announcement, so
   * that it can't be about what is in the records
   */
  refuse(reason: string, nowMs: number): LogRecord | "all" | undefined {
    const [piece = [], ...others] = this.#pieces;
    const [record] = piece;
    if (record === undefined) return undefined;
    if (piece.length > 1) {
      const middle = piece.length >> 1;
      this.#pieces = [piece.slice(0, middle), piece.slice(middle), ...others];
      return undefined;
    }
    if (record.dropped > 0) return "all";
    this.#pieces = [[dropAnnouncement(record.sequence, record.sequence, reason, nowMs)], ...others];
    this.#cost -= record.cost;
    return record;
  }

  /** Empties the batch. */
  takeAll(): LogRecord[] {
    const records = this.#pieces.flat();
    this.#pieces = [];
    this.#cost = 0;
    return records;
  }
}

function ordinaryCost(record: LogRecord): number {
  return record.dropped === 0 ? record.cost : 0;
}
