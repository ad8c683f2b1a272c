import type { Logger } from "../provider/logger.js";
import type { BackendContext, Guest, GuestRequest, Json, SessionBackend } from "./backend.js";
import { after, bounded, type Bounded } from "./waiting.js";

/** One attempt to destroy a guest; failed ones are repeated with a pause that doubles up to its end. */
export const destroyTimeoutMs = 10_000;
const firstPauseMs = 250;
const lastPauseMs = 15_000;

/** Makes one session's guest, and sees to it that it is gone in the end, whatever fails or comes late. */
export class GuestKeeper<H extends Json> {
  #guest: Guest<H> | undefined;
  #creating: Promise<unknown> = Promise.resolve();
  #destroying: Promise<void> | undefined;

  constructor(
    private readonly sessionId: string,
    private readonly backend: SessionBackend<H>,
    private readonly logger: Logger,
    private readonly progress: (text: string) => void,
  ) {}

  get guest(): Guest<H> | undefined {
    return this.#guest;
  }

  async create(request: GuestRequest, timeoutMs: number, signal: AbortSignal): Promise<Guest<H>> {
    const created = bounded(
      `creating a guest for session ${this.sessionId}`,
      timeoutMs,
      signal,
      (bounds) => this.backend.create(request, this.context(bounds)),
      (late) => {
        if (late !== undefined) void this.destroyGuest(late);
      },
    );
    this.#creating = created.catch(() => undefined);
    this.#guest = await created;
    return this.#guest;
  }

  /** Removes the guest; resolves when it is gone. Calling it again joins the first call. */
  destroy(timeoutMs: number): Promise<void> {
    this.#destroying ??= (async () => {
      // A guest that is still being made has been told to stop; a late one is destroyed where it arrives.
      if (this.#guest === undefined) await this.#creating;
      if (this.#guest !== undefined) await this.destroyGuest(this.#guest, timeoutMs);
    })();
    return this.#destroying;
  }

  /** Destroys a guest until it is gone, overtaking what is under way. */
  async destroyGuest(guest: Guest<H>, timeoutMs = destroyTimeoutMs): Promise<void> {
    const never = new AbortController().signal;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const outcome = await bounded(
          `destroying the guest of session ${this.sessionId}`,
          timeoutMs,
          never,
          (bounds) => this.backend.destroy(guest.handle, this.context(bounds)),
        );
        if (outcome === "gone") return;
      } catch (error) {
        this.logger.warn(
          { session: this.sessionId, attempt, error },
          "destroying a guest failed; it is tried again",
        );
      }
      await new Promise<void>((resolve) =>
        after(Math.min(firstPauseMs * 2 ** (attempt - 1), lastPauseMs), resolve),
      );
    }
  }

  context({ signal, deadline }: Bounded): BackendContext {
    return { signal, deadline, logger: this.logger, sessionId: this.sessionId, progress: this.progress };
  }
}
