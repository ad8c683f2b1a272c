import type { AppendOutcome } from "./append-outcome.js";
import { Batch } from "./batch.js";
import type { BufferBudget } from "./buffer-budget.js";
import type { LogTimer } from "./clock.js";
import { backoffMs, type Dispatcher } from "./dispatcher.js";
import { FlushWaiters } from "./flush-waiters.js";
import type { LogRecord } from "./log-record.js";
import type { LogLimits } from "./options.js";
import { RecordQueue } from "./record-queue.js";
import type { RecordCounts, RecordSink } from "./record-sink.js";
import { RoomGate } from "./room-gate.js";

export interface OutboxContext {
  readonly limits: LogLimits;
  readonly counts: RecordCounts;
  readonly budget: BufferBudget;
  readonly dispatcher: Dispatcher;
  /** Tells whoever reads the provider's stderr. */
  readonly report: (line: string) => void;
  /** The session has ended and nothing of it is left here. */
  readonly onGone: () => void;
}

/**
 * One session's way to the log host: keeps its records in order until the host has taken them, has one batch
 * under way at a time, and sends a batch again as it was when the call failed.
 *
 * - `held`: the host does not know the session yet (LOGS-2).
 * - `open`: records go out.
 * - `lost`: the host said for too long that it does not know the session. Records are counted, not kept; the
 *   first `registered` opens it again.
 * - `closed`: for good.
 */
export class Outbox implements RecordSink {
  readonly #queue = new RecordQueue();
  readonly #flushes: FlushWaiters;
  readonly #room: RoomGate;
  #phase: "held" | "open" | "lost" | "closed" = "held";
  #batch = new Batch([]);
  #calling = false;
  #ended = false;
  #wasAnswered = false;
  #wasRegistered = false;
  #failures = 0;
  #lastSequence = 0;
  #lossReason = "";
  /** What is to become of the session when the call under way has ended. */
  #verdict: "lost" | "closed" | undefined;
  #hold: LogTimer | undefined;
  #linger: LogTimer | undefined;
  #backoff: LogTimer | undefined;
  #patience: LogTimer | undefined;

  constructor(
    readonly sessionId: string,
    readonly context: OutboxContext,
    readonly holdMs: number,
  ) {
    const { limits, budget } = context;
    this.#flushes = new FlushWaiters(limits.clock);
    this.#room = new RoomGate(limits, () => this.wakeIfRoom());
    budget.outboxes.add(this);
    this.#hold = limits.clock.setTimeout(() => this.#open(), limits.unansweredMs);
  }

  /** Bytes that could be dropped: all but those of the batch under way. */
  get waitingBytes(): number {
    return this.#queue.cost;
  }

  get isFull(): boolean {
    if (!this.#room.blocks || this.#isLost) return false;
    return this.#bytes >= this.context.limits.sessionBytes || this.context.budget.isFull;
  }

  push(record: LogRecord): void {
    const { limits, budget, counts } = this.context;
    counts.written++;
    this.#lastSequence = record.sequence;
    if (this.#isLost) {
      counts.dropped++;
      this.#queue.noteLoss(record, this.#lossReason);
      return;
    }
    this.#queue.push(record);
    budget.add(record.cost);
    // Whoever heeds `isFull` is past the limit by one write at most; whoever does not is not to fill the memory.
    const factor = this.#room.blocks ? 2 : 1;
    const excess = this.#bytes - factor * limits.sessionBytes;
    if (excess > 0) this.dropBytes(excess);
    if (budget.isFull) budget.enforce(factor * budget.limit);
    this.#schedule();
  }

  /** Drops the oldest waiting records: so many bytes, or as much as there is. */
  dropBytes(bytes: number): void {
    this.context.budget.release(this.#dropWaiting(bytes, "the log host took them too slowly"));
  }

  answered(): void {
    if (this.#wasAnswered || this.#phase !== "held") return;
    this.#wasAnswered = true;
    this.#hold?.cancel();
    this.#hold = this.context.limits.clock.setTimeout(() => this.#open(), this.holdMs);
  }

  registered(): void {
    if (this.#wasRegistered || this.#phase === "closed" || (this.#isLost && this.#ended)) return;
    this.#wasRegistered = true;
    this.#verdict = undefined;
    this.#stopPatience();
    this.#open();
  }

  drain(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    this.context.budget.blocked.add(this);
    return this.#room.wait();
  }

  /** Lets writers go on when there is room again, or no reason left to wait for it. */
  wakeIfRoom(): void {
    const enough = !this.#room.blocks || this.#bytes <= this.context.limits.sessionBytes / 2;
    if (!this.#isLost && (this.isFull || !enough)) return;
    this.context.budget.blocked.delete(this);
    this.#room.open();
  }

  flush(timeoutMs: number): Promise<boolean> {
    if (this.#isEmpty) return Promise.resolve(true);
    if (this.#phase !== "open") return Promise.resolve(false);
    const delivered = this.#flushes.wait(this.#lastSequence, timeoutMs);
    this.#backoff?.cancel();
    this.#backoff = undefined;
    this.#schedule();
    this.context.dispatcher.resume();
    return delivered;
  }

  /** The host can't be reached, as another session's call has found. */
  noteUnreachable(): void {
    this.#flushes.noteUnreachable();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#isEmpty || this.#isLost) this.#forget();
    else {
      this.#startPatience("the session had ended");
      this.#schedule();
    }
  }

  /** What is to be sent now. */
  nextBatch(): readonly LogRecord[] | undefined {
    const { batchRecords, batchBytes, clock } = this.context.limits;
    if (this.#phase !== "open" || this.#calling) return undefined;
    if (this.#batch.first === undefined)
      this.#batch = new Batch(this.#queue.take(batchRecords, batchBytes, clock.now()));
    this.#linger?.cancel();
    this.#linger = undefined;
    this.#calling = this.#batch.first !== undefined;
    return this.#batch.first;
  }

  /** What became of it. */
  settle(outcome: AppendOutcome): void {
    this.#calling = false;
    switch (outcome.type) {
      case "delivered":
        this.#delivered();
        break;
      case "refused":
        this.#refused(`the log host refused it (${outcome.reason})`);
        break;
      case "unreachable":
        // The dispatcher pauses for all sessions.
        this.#flushes.noteUnreachable();
        break;
      case "unknown-session":
        this.#startPatience("the log host did not know the session");
        this.#retryLater();
        break;
      case "later":
        this.#retryLater();
    }
    if (this.#verdict !== undefined) this.#giveUp(this.#verdict);
    else this.#schedule();
  }

  /** No more is sent after the call under way: what is left by then is dropped. */
  close(): void {
    this.#lossReason = "the provider had ended";
    this.#giveUp("closed");
  }

  get #bytes(): number {
    return this.#queue.cost + this.#batch.cost;
  }

  get #isEmpty(): boolean {
    return this.#batch.first === undefined && this.#queue.isEmpty;
  }

  get #isLost(): boolean {
    return this.#phase === "lost" || this.#phase === "closed";
  }

  #open(): void {
    this.#hold?.cancel();
    this.#hold = undefined;
    this.#phase = "open";
    this.#schedule();
  }

  #schedule(): void {
    if (this.#phase !== "open" || this.#calling || this.#backoff !== undefined || this.#isEmpty) return;
    const { limits, dispatcher } = this.context;
    const urgent = this.#flushes.any;
    const enough = this.#queue.size >= limits.batchRecords || this.#queue.cost >= limits.batchBytes;
    const crowded = this.#bytes >= limits.sessionBytes / 2 || this.context.budget.isFull;
    if (urgent || enough || crowded || this.#ended || this.#batch.first !== undefined)
      dispatcher.offer(this, urgent);
    else this.#linger ??= limits.clock.setTimeout(() => dispatcher.offer(this, false), limits.batchMs);
  }

  #delivered(): void {
    const cost = this.#batch.cost;
    const piece = this.#batch.shift();
    for (const record of piece) if (record.dropped === 0) this.context.counts.delivered++;
    this.#failures = 0;
    this.#room.noteProgress();
    if (!this.#ended) this.#stopPatience();
    this.#flushes.delivered(piece.at(-1)?.sequence ?? 0);
    this.context.budget.release(cost - this.#batch.cost);
    if (this.#ended && this.#isEmpty) this.#forget();
  }

  #refused(reason: string): void {
    const lost = this.#batch.refuse(reason, this.context.limits.clock.now());
    if (lost === undefined) return;
    this.#flushes.noteLoss();
    if (lost === "all") {
      this.context.budget.release(this.#dropBatch(reason));
      this.#retryLater();
    } else {
      this.context.counts.dropped++;
      this.context.budget.release(lost.cost);
    }
  }

  #retryLater(): void {
    const { limits } = this.context;
    this.#failures++;
    const again = (): void => {
      this.#backoff = undefined;
      this.#schedule();
    };
    this.#backoff ??= limits.clock.setTimeout(again, backoffMs(this.#failures, limits));
  }

  /** From now on there is an end to how long this session is tried. */
  #startPatience(reason: string): void {
    const { clock, unknownSessionMs } = this.context.limits;
    const giveUp = (): void => {
      this.#lossReason = reason;
      this.#giveUp("lost");
    };
    this.#patience ??= clock.setTimeout(giveUp, unknownSessionMs);
  }

  #stopPatience(): void {
    this.#patience?.cancel();
    this.#patience = undefined;
  }

  /** Drops what is left, when the call under way has told whether that included its batch. */
  #giveUp(verdict: "lost" | "closed"): void {
    this.#verdict = verdict;
    if (this.#calling) return;
    const before = this.context.counts.dropped;
    const freed = this.#dropBatch(this.#lossReason) + this.#dropWaiting(Infinity, this.#lossReason);
    const dropped = this.context.counts.dropped - before;
    this.#verdict = undefined;
    this.#phase = verdict;
    this.#cancelTimers();
    this.#flushes.giveUp();
    this.context.budget.release(freed);
    this.wakeIfRoom();
    if (dropped > 0 && verdict === "lost")
      this.context.report(`session ${this.sessionId}: ${dropped} log records dropped: ${this.#lossReason}`);
    if (this.#ended || verdict === "closed") this.#forget();
  }

  /** Returns the bytes that are free by it, as does the next one. */
  #dropBatch(reason: string): number {
    const cost = this.#batch.cost;
    for (const record of this.#batch.takeAll()) {
      this.#queue.noteLoss(record, reason);
      if (record.dropped === 0) this.context.counts.dropped++;
    }
    return cost;
  }

  #dropWaiting(bytes: number, reason: string): number {
    this.#flushes.noteLoss();
    let freed = 0;
    while (freed < bytes) {
      const record = this.#queue.dropOldest(reason);
      if (record === undefined) break;
      this.context.counts.dropped++;
      freed += record.cost;
    }
    return freed;
  }

  #cancelTimers(): void {
    for (const timer of [this.#hold, this.#linger, this.#backoff, this.#patience]) timer?.cancel();
    this.#hold = this.#linger = this.#backoff = this.#patience = undefined;
  }

  #forget(): void {
    this.#cancelTimers();
    this.context.dispatcher.withdraw(this);
    this.context.budget.outboxes.delete(this);
    this.context.onGone();
  }
}
