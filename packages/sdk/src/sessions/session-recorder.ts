import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { Logger } from "../provider/logger.js";
import type { OpenSessionStore, SessionRecord } from "./session-store.js";

/** Keeps one session's record in the store up to date; it is gone once nothing of the session can be left. */
export class SessionRecorder {
  #forgotten = false;

  constructor(
    private readonly store: OpenSessionStore,
    private readonly logger: Logger,
    private record: SessionRecord,
  ) {}

  get current(): SessionRecord {
    return this.record;
  }

  /** Writes an intent before the act. @throws UNAVAILABLE where it can't be written: then the act must not be done */
  async intend(changes: Partial<SessionRecord>): Promise<void> {
    this.record = { ...this.record, ...changes };
    try {
      await this.store.save(this.record);
    } catch (error) {
      const text = `session ${this.record.id} can't be written down: ${(error as Error).message}`;
      throw new RuntimeProviderError("UNAVAILABLE", text, { cause: error });
    }
  }

  /** Writes down what has happened; that it fails is said in the provider's own log. */
  async note(changes: Partial<SessionRecord>): Promise<void> {
    if (this.#forgotten) return;
    await this.intend(changes).catch((error: unknown) =>
      this.logger.warn({ session: this.record.id, error }, "a session's record is out of date"),
    );
  }

  async forget(): Promise<void> {
    this.#forgotten = true;
    await this.store
      .remove(this.record.id)
      .catch((error: unknown) =>
        this.logger.warn({ session: this.record.id, error }, "a session's record is left over"),
      );
  }
}
