import { BackendError } from "./backend-error.js";
import { backoffMs } from "./backoff.js";
import type { Json } from "./guest.js";
import { searchLabels } from "./labels.js";
import type { Surroundings } from "./surroundings.js";
import { pause } from "./waiting.js";

/** Looks for a guest whose making was not confirmed: a backend may show it some time later. */
const looksForLost = 4;
const firstLookPauseMs = 1_000;

/** How a removal goes on. Neither promise rejects; `gone` never settles where the provider ends before. */
export interface Removal {
  /** The backend has begun, or nothing is left already. */
  readonly asked: Promise<void>;
  /** Nothing is left. */
  readonly gone: Promise<void>;
}

/** Runs a removal; `work` calls `asked` when the backend has begun, and rejects only when the provider ends. */
export function removal(work: (asked: () => void) => Promise<void>): Removal {
  let tellAsked!: () => void;
  const asked = new Promise<void>((resolve) => (tellAsked = resolve));
  const gone = new Promise<void>((resolve) => {
    work(tellAsked).then(
      () => {
        resolve();
        tellAsked();
      },
      () => undefined,
    );
  });
  return { asked, gone };
}

/** Removes guests, and repeats it until they are gone, whatever fails. */
export class GuestRemover<H extends Json> {
  constructor(private readonly around: Surroundings<H>) {}

  /** @param timeoutMs bound of the first attempt */
  remove(
    sessionId: string,
    handle: H,
    timeoutMs = this.around.limits.destroyTimeoutMs,
    progress?: (text: string) => void,
  ): Removal {
    return removal((asked) => this.#untilGone(sessionId, handle, timeoutMs, asked, progress));
  }

  /**
   * Removes what a failed `create` may have made. `asked` settles after the first look; later ones follow, since
   * a backend's list may lag behind.
   */
  removeLost(sessionId: string): Removal {
    return removal((asked) => this.#untilNotFound(sessionId, asked));
  }

  async #untilGone(
    sessionId: string,
    handle: H,
    timeoutMs: number,
    asked: () => void,
    progress?: (text: string) => void,
  ): Promise<void> {
    const { backend, calls, limits, logger, clock, over } = this.around;
    for (let attempt = 1; ; attempt += 1) {
      let askedToWaitMs = 0;
      const call = {
        what: `destroying the guest of session ${sessionId}`,
        timeoutMs: attempt === 1 ? timeoutMs : limits.destroyTimeoutMs,
        sessionId,
        isDestroy: true,
        ...(progress && { progress }),
      };
      try {
        const outcome = await calls.run(call, (context) => backend.destroy(handle, context));
        if (outcome === "gone") return;
        asked();
      } catch (error) {
        if (error instanceof BackendError) askedToWaitMs = error.options.retryAfterMs ?? 0;
        logger.warn({ session: sessionId, attempt, error }, "destroying a guest failed; it is tried again");
      }
      const pauseMs = Math.max(backoffMs(limits.retry, attempt, this.around.random), askedToWaitMs);
      await pause(clock, pauseMs, over);
    }
  }

  async #untilNotFound(sessionId: string, asked: () => void): Promise<void> {
    const { backend, clock, over, logger } = this.around;
    if (backend.find === undefined) {
      asked();
      if (backend.traits.outlivesProvider === true)
        logger.warn(
          { session: sessionId },
          "a guest may be left over: the backend has no find to look for it",
        );
      return;
    }
    for (let look = 1; ; look += 1) {
      try {
        const removals = (await this.#find(sessionId)).map((handle) => this.remove(sessionId, handle));
        await Promise.all(removals.map((removal) => removal.asked));
        asked();
        await Promise.all(removals.map((removal) => removal.gone));
        if (look >= looksForLost) return;
      } catch (error) {
        logger.warn({ session: sessionId, error }, "looking for a guest that may be left over failed");
      }
      asked();
      await pause(clock, Math.min(firstLookPauseMs * 4 ** (look - 1), 60_000), over);
    }
  }

  async #find(sessionId: string): Promise<H[]> {
    const { backend, calls, limits, providerName } = this.around;
    const labels = searchLabels(providerName, sessionId);
    return calls.run(
      { what: "looking for a lost guest", timeoutMs: limits.findTimeoutMs, sessionId },
      async (context) => {
        const handles: H[] = [];
        for await (const found of backend.find?.(labels, context) ?? []) handles.push(found.handle);
        return handles;
      },
    );
  }
}
