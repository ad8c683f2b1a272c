import type { Outbox } from "./outbox.js";

/** The memory that all sessions' records share, and who waits for room in it. */
export class BufferBudget {
  readonly blocked = new Set<Outbox>();
  readonly outboxes = new Set<Outbox>();
  #used = 0;

  constructor(readonly limit: number) {}

  get used(): number {
    return this.#used;
  }

  get isFull(): boolean {
    return this.#used >= this.limit;
  }

  add(bytes: number): void {
    this.#used += bytes;
  }

  /** Gives bytes back, and wakes those for whom there is room now. */
  release(bytes: number): void {
    this.#used -= bytes;
    for (const outbox of this.blocked) outbox.wakeIfRoom();
  }

  /** Makes the largest session drop its oldest records until `limit` holds. */
  enforce(limit: number): void {
    while (this.#used > limit) {
      let largest: Outbox | undefined;
      for (const outbox of this.outboxes)
        if (outbox.waitingBytes > (largest?.waitingBytes ?? 0)) largest = outbox;
      // What is left is in calls under way, at most a batch each.
      if (largest === undefined) return;
      // Some at a time, or a flood would search for the largest anew with each record.
      largest.dropBytes(Math.max(this.#used - limit, evictionBytes));
    }
  }
}

const evictionBytes = 64 * 1024;
