import { Batch } from "./batch.js";
import type { LogRecord } from "./log-record.js";
import type { LogLimits } from "./options.js";
import { RecordQueue } from "./record-queue.js";
import type { RecordCounts } from "./record-sink.js";

/**
 * One session's records until the host has taken them: the batch under way, and the queue behind it. Every record
 * that comes in leaves as delivered or as dropped, and is counted so; what was dropped stands in the next batch as
 * an announcement (LOGS-4).
 *
 * Methods that free memory return how many bytes.
 */
export class RecordBuffer {
  readonly #queue = new RecordQueue();
  #batch = new Batch([]);

  constructor(
    readonly limits: LogLimits,
    readonly counts: RecordCounts,
  ) {}

  /** Bytes of all its records, as the limits count them. */
  get bytes(): number {
    return this.#queue.cost + this.#batch.cost;
  }

  /** Bytes that could be dropped: all but those of the batch under way. */
  get waitingBytes(): number {
    return this.#queue.cost;
  }

  /** True when there is neither a record nor a loss to tell. */
  get isEmpty(): boolean {
    return !this.hasBatch && this.#queue.isEmpty;
  }

  /** True while there is a batch that was sent, or tried. */
  get hasBatch(): boolean {
    return this.#batch.first !== undefined;
  }

  /** True when what waits fills a call. */
  get fillsBatch(): boolean {
    return this.#queue.size >= this.limits.batchRecords || this.#queue.cost >= this.limits.batchBytes;
  }

  push(record: LogRecord): void {
    this.counts.written++;
    this.#queue.push(record);
  }

  /** Counts a record that is not kept. */
  discard(record: LogRecord, reason: string): void {
    this.counts.written++;
    this.counts.dropped++;
    this.#queue.noteLoss(record, reason);
  }

  /** What is to be sent: the same again until it is delivered or refused. */
  toSend(): readonly LogRecord[] | undefined {
    const { batchRecords, batchBytes, clock } = this.limits;
    if (!this.hasBatch) this.#batch = new Batch(this.#queue.take(batchRecords, batchBytes, clock.now()));
    return this.#batch.first;
  }

  /** The host has what {@link toSend} gave. */
  delivered(): { readonly through: number; readonly freed: number } {
    const before = this.#batch.cost;
    const piece = this.#batch.shift();
    for (const record of piece) if (record.dropped === 0) this.counts.delivered++;
    return { through: piece.at(-1)?.sequence ?? 0, freed: before - this.#batch.cost };
  }

  /**
   * The host refuses what {@link toSend} gave: next come its halves, in the end an announcement for the bad record.
   *
   * @returns `"all"` when it refuses even the announcement: then the whole batch is dropped
   */
  refused(reason: string): { readonly lost: "nothing" | "one" | "all"; readonly freed: number } {
    const lost = this.#batch.refuse(reason, this.limits.clock.now());
    if (lost === undefined) return { lost: "nothing", freed: 0 };
    if (lost === "all") return { lost, freed: this.#dropBatch(reason) };
    this.counts.dropped++;
    return { lost: "one", freed: lost.cost };
  }

  /** Drops the oldest waiting records: so many bytes, or as much as there is. */
  dropOldest(bytes: number, reason: string): number {
    let freed = 0;
    while (freed < bytes) {
      const record = this.#queue.dropOldest(reason);
      if (record === undefined) break;
      this.counts.dropped++;
      freed += record.cost;
    }
    return freed;
  }

  dropAll(reason: string): number {
    return this.#dropBatch(reason) + this.dropOldest(Infinity, reason);
  }

  #dropBatch(reason: string): number {
    const cost = this.#batch.cost;
    for (const record of this.#batch.takeAll()) {
      this.#queue.noteLoss(record, reason);
      if (record.dropped === 0) this.counts.dropped++;
    }
    return cost;
  }
}
