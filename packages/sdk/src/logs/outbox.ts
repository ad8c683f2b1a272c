import type { AppendOutcome } from "./append-outcome.js";
import type { BufferBudget } from "./buffer-budget.js";
import { backoffMs, type Dispatcher } from "./dispatcher.js";
import { FlushWaiters } from "./flush-waiters.js";
import type { LogRecord } from "./log-record.js";
import type { LogLimits } from "./options.js";
import { RecordBuffer } from "./record-buffer.js";
import type { RecordCounts, RecordSink } from "./record-sink.js";
import { RoomGate } from "./room-gate.js";
import { Timers } from "./timers.js";

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
  readonly #buffer: RecordBuffer;
  readonly #flushes: FlushWaiters;
  readonly #room: RoomGate;
  /**
   * `hold`: until records go out unasked. `linger`: until a small batch goes out. `backoff`: until a failed call
   * is made again. `patience`: until the session is given up.
   */
  readonly #timers: Timers<"hold" | "linger" | "backoff" | "patience">;
  #phase: "held" | "open" | "lost" | "closed" = "held";
  #calling = false;
  #ended = false;
  #wasAnswered = false;
  #wasRegistered = false;
  #failures = 0;
  #lastSequence = 0;
  #lossReason = "";
  #unreported = 0;
  /** What is to become of the session when the call under way has ended. */
  #verdict: "lost" | "closed" | undefined;

  constructor(
    readonly sessionId: string,
    readonly context: OutboxContext,
    readonly holdMs: number,
  ) {
    const { limits, budget, counts } = context;
    this.#buffer = new RecordBuffer(limits, counts);
    this.#flushes = new FlushWaiters(limits.clock);
    this.#room = new RoomGate(limits, () => this.wakeIfRoom());
    this.#timers = new Timers(limits.clock);
    budget.outboxes.add(this);
    this.#timers.start("hold", limits.unansweredMs, () => this.#open());
  }

  get waitingBytes(): number {
    return this.#buffer.waitingBytes;
  }

  get isFull(): boolean {
    if (!this.#room.blocks || this.#isLost) return false;
    return this.#buffer.bytes >= this.context.limits.sessionBytes || this.context.budget.isFull;
  }

  push(record: LogRecord): void {
    const { limits, budget } = this.context;
    this.#lastSequence = record.sequence;
    if (this.#isLost) {
      this.#buffer.discard(record, this.#lossReason);
      this.#unreported += 1;
      return;
    }
    this.#buffer.push(record);
    budget.add(record.cost);
    // Whoever heeds `isFull` is past the limit by one write at most; whoever does not is not to fill the memory.
    const factor = this.#room.blocks ? 2 : 1;
    const excess = this.#buffer.bytes - factor * limits.sessionBytes;
    if (excess > 0) this.dropBytes(excess);
    if (budget.isFull) budget.enforce(factor * budget.limit);
    this.#schedule();
  }

  /** Drops the oldest waiting records: so many bytes, or as much as there is. */
  dropBytes(bytes: number): void {
    this.#flushes.noteLoss();
    this.context.budget.release(this.#buffer.dropOldest(bytes, "the log host took them too slowly"));
  }

  answered(): void {
    if (this.#wasAnswered || this.#phase !== "held") return;
    this.#wasAnswered = true;
    this.#timers.cancel("hold");
    this.#timers.start("hold", this.holdMs, () => this.#open());
  }

  registered(): void {
    if (this.#wasRegistered || this.#phase === "closed" || (this.#isLost && this.#ended)) return;
    this.#wasRegistered = true;
    this.#verdict = undefined;
    this.#timers.cancel("patience");
    this.#open();
  }

  drain(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    this.context.budget.blocked.add(this);
    return this.#room.wait();
  }

  /** Lets writers go on when there is room again, or no reason left to wait for it. */
  wakeIfRoom(): void {
    const enough = !this.#room.blocks || this.#buffer.bytes <= this.context.limits.sessionBytes / 2;
    if (!this.#isLost && (this.isFull || !enough)) return;
    this.context.budget.blocked.delete(this);
    this.#room.open();
  }

  flush(timeoutMs: number): Promise<boolean> {
    if (this.#buffer.isEmpty) return Promise.resolve(true);
    if (this.#phase !== "open") return Promise.resolve(false);
    const delivered = this.#flushes.wait(this.#lastSequence, timeoutMs);
    this.#timers.cancel("backoff");
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
    if (this.#buffer.isEmpty || this.#isLost) this.#forget();
    else {
      this.#startPatience("the session had ended");
      this.#schedule();
    }
  }

  /** What is to be sent now. */
  nextBatch(): readonly LogRecord[] | undefined {
    if (this.#phase !== "open" || this.#calling) return undefined;
    const batch = this.#buffer.toSend();
    this.#timers.cancel("linger");
    this.#calling = batch !== undefined;
    return batch;
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
    this.#report();
    this.#lossReason = "the provider had ended";
    this.#giveUp("closed");
  }

  get #isLost(): boolean {
    return this.#phase === "lost" || this.#phase === "closed";
  }

  #open(): void {
    this.#timers.cancel("hold");
    this.#phase = "open";
    this.#schedule();
  }

  #schedule(): void {
    if (this.#phase !== "open" || this.#calling || this.#timers.isSet("backoff")) return;
    if (this.#buffer.isEmpty) return;
    const { limits, dispatcher, budget } = this.context;
    const urgent = this.#flushes.any;
    const crowded = this.#buffer.bytes >= limits.sessionBytes / 2 || budget.isFull;
    const now = urgent || crowded || this.#ended || this.#buffer.hasBatch || this.#buffer.fillsBatch;
    if (now) dispatcher.offer(this, urgent);
    else this.#timers.start("linger", limits.batchMs, () => dispatcher.offer(this, false));
  }

  #delivered(): void {
    const { through, freed } = this.#buffer.delivered();
    this.#failures = 0;
    this.#room.noteProgress();
    if (!this.#ended) this.#timers.cancel("patience");
    this.#flushes.delivered(through);
    this.context.budget.release(freed);
    if (this.#ended && this.#buffer.isEmpty) this.#forget();
  }

  #refused(reason: string): void {
    const { lost, freed } = this.#buffer.refused(reason);
    if (lost !== "nothing") this.#flushes.noteLoss();
    if (lost === "all") this.#retryLater();
    this.context.budget.release(freed);
  }

  #retryLater(): void {
    this.#failures += 1;
    this.#timers.start("backoff", backoffMs(this.#failures, this.context.limits), () => this.#schedule());
  }

  /** From now on there is an end to how long this session is tried. */
  #startPatience(reason: string): void {
    this.#timers.start("patience", this.context.limits.unknownSessionMs, () => {
      this.#lossReason = reason;
      this.#giveUp("lost");
    });
  }

  /** Drops what is left, when the call under way has told whether that included its batch. */
  #giveUp(verdict: "lost" | "closed"): void {
    this.#verdict = verdict;
    if (this.#calling) return;
    const { counts, budget } = this.context;
    const before = counts.dropped;
    const freed = this.#buffer.dropAll(this.#lossReason);
    if (verdict === "lost") this.#unreported += counts.dropped - before;
    this.#verdict = undefined;
    this.#phase = verdict;
    this.#timers.cancelAll();
    this.#flushes.giveUp();
    budget.release(freed);
    this.wakeIfRoom();
    this.#report();
    if (this.#ended || verdict === "closed") this.#forget();
  }

  /** Of a session that the host does not know, only the provider's stderr can tell. */
  #report(): void {
    if (this.#unreported === 0) return;
    this.context.report(
      `session ${this.sessionId}: ${this.#unreported} log records dropped: ${this.#lossReason}`,
    );
    this.#unreported = 0;
  }

  #forget(): void {
    this.#report();
    this.#timers.cancelAll();
    this.context.dispatcher.withdraw(this);
    this.context.budget.outboxes.delete(this);
    this.context.onGone();
  }
}
