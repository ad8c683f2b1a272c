import type { Json } from "./guest.js";
import { GuestRemover } from "./guest-remover.js";
import type { SessionTable } from "./session-table.js";
import type { SessionRecord } from "./session-store.js";
import type { Surroundings } from "./surroundings.js";
import { pause, settledWithin } from "./waiting.js";

/** How long configuring may wait for what dead instances left to be removed; it then goes on by itself. */
const firstRoundMs = 10_000;

/**
 * Takes over what dead instances left: sessions are found again (REC-1), or their guests removed (REC-2). An
 * instance may die at any time, so it looks again now and then.
 */
export class Recovery<H extends Json> {
  readonly #remover: GuestRemover<H>;
  readonly #removing = new Set<string>();

  constructor(
    private readonly around: Surroundings<H>,
    private readonly sessions: SessionTable<H>,
    private readonly leftovers: "keep" | "destroy",
  ) {
    this.#remover = new GuestRemover(around);
  }

  /** Whether what a session left is being removed here. */
  isRemoving(sessionId: string): boolean {
    return this.#removing.has(sessionId);
  }

  async begin(): Promise<void> {
    const { clock, limits, over } = this.around;
    await settledWithin(clock, this.#round(), firstRoundMs);
    if (this.around.backend.traits.outlivesProvider !== true) return;
    void (async () => {
      while (!over.aborted) {
        await pause(clock, limits.peersEveryMs, over);
        await this.#round();
      }
    })().catch(() => undefined);
  }

  async #round(): Promise<void> {
    const { store, logger } = this.around;
    try {
      const records = await store.takeLeftovers();
      await Promise.all(records.map((record) => this.#take(record)));
    } catch (error) {
      logger.warn({ error }, "looking for sessions of dead instances failed; it is tried again");
    }
  }

  async #take(record: SessionRecord): Promise<void> {
    const { logger, clock } = this.around;
    const expired = record.expiresAtMs !== undefined && record.expiresAtMs <= clock.now();
    if (this.leftovers === "keep" && record.intent === "keep" && record.handle !== undefined && !expired) {
      logger.info({ session: record.id }, "a session of an instance that died is found again");
      this.sessions.add({ how: "restored", record }, this.around).resume();
      return;
    }
    logger.warn({ session: record.id }, "removing what an instance that died has left");
    await this.#remove(record);
  }

  async #remove(record: SessionRecord): Promise<void> {
    const { store, logger } = this.around;
    this.#removing.add(record.id);
    await store.save({ ...record, intent: "destroy" }).catch(() => undefined);
    const { asked, gone } =
      record.handle === undefined
        ? this.#remover.removeLost(record.id)
        : this.#remover.remove(record.id, record.handle as H);
    void gone
      .then(() => store.remove(record.id))
      .catch((error: unknown) =>
        logger.warn({ session: record.id, error }, "a session's record is left over"),
      )
      .finally(() => this.#removing.delete(record.id));
    await asked;
  }
}
