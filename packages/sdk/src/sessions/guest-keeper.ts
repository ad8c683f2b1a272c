import { BackendError } from "./backend-error.js";
import type { Guest, GuestRequest, Json } from "./guest.js";
import { GuestRemover, removal, type Removal } from "./guest-remover.js";
import type { SessionRecorder } from "./session-recorder.js";
import type { Surroundings } from "./surroundings.js";
import { settledWithin } from "./waiting.js";

/** How long an intent may take to be written before a guest is removed all the same. */
const intentMs = 250;

/** Makes one session's guest, and sees to it that it is gone in the end, whatever fails or comes late. */
export class GuestKeeper<H extends Json> {
  readonly #remover: GuestRemover<H>;
  #guest: Guest<H> | undefined;
  /** Settles when it is known whether there is a guest. */
  #creating: Promise<unknown> = Promise.resolve();
  #mayBeLost = false;
  #destroying: Removal | undefined;

  constructor(
    private readonly around: Surroundings<H>,
    private readonly recorder: SessionRecorder,
    private readonly progress: (text: string) => void,
    /** Awaited before the guest is removed: what has to be fetched is fetched while it is there. */
    private readonly lastWords: (timeoutMs: number) => Promise<void>,
  ) {
    this.#remover = new GuestRemover(around);
  }

  get guest(): Guest<H> | undefined {
    return this.#guest;
  }

  /** Takes a guest that an earlier process has made. */
  restore(handle: H): void {
    this.#guest = { handle };
  }

  create(request: GuestRequest, signal: AbortSignal): Promise<Guest<H>> {
    const created = this.#create(request, signal);
    this.#creating = created.catch(() => undefined);
    return created;
  }

  async #create(request: GuestRequest, signal: AbortSignal): Promise<Guest<H>> {
    const { backend, calls, limits } = this.around;
    await this.recorder.intend({ intent: "create" });
    const call = {
      what: "creating the guest",
      timeoutMs: limits.createTimeoutMs,
      sessionId: request.sessionId,
      signal,
      progress: this.progress,
    };
    const asked = { backend: false };
    try {
      const guest = await calls.run(
        call,
        (context) => {
          asked.backend = true;
          return backend.create(request, context);
        },
        (late) => {
          if (late !== undefined) this.#remover.remove(request.sessionId, late.handle);
        },
      );
      this.#guest = guest;
    } catch (error) {
      const handle = error instanceof BackendError ? error.options.handle : undefined;
      if (handle !== undefined) this.#guest = { handle: handle as H };
      this.#mayBeLost = asked.backend && !(error instanceof BackendError && error.options.neverMade === true);
      throw error;
    }
    const intent = this.#destroying === undefined ? "keep" : "destroy";
    await this.recorder.note({ handle: this.#guest.handle, intent });
    return this.#guest;
  }

  /** What is late belongs to nobody: removes the guest once more, beside whatever is under way. */
  destroyAgain(timeoutMs?: number): Promise<void> {
    if (this.#guest === undefined) return Promise.resolve();
    return this.#remover.remove(this.recorder.current.id, this.#guest.handle, timeoutMs).asked;
  }

  /**
   * Removes the guest. `asked` settles when the backend has begun, `gone` when nothing is left and the session's
   * record is removed. Calling it again joins the first call.
   */
  destroy(timeoutMs?: number): Removal {
    return (this.#destroying ??= removal((asked) => this.#destroy(asked, timeoutMs)));
  }

  async #destroy(asked: () => void, timeoutMs?: number): Promise<void> {
    const { clock, limits } = this.around;
    await settledWithin(clock, this.recorder.note({ intent: "destroy" }), intentMs);
    // A guest that is still being made has been told to stop; a late one is destroyed where it arrives.
    if (this.#guest === undefined) await this.#creating;
    await this.lastWords(timeoutMs ?? limits.destroyTimeoutMs);
    const id = this.recorder.current.id;
    if (this.#guest !== undefined) {
      await follow(this.#remover.remove(id, this.#guest.handle, timeoutMs, this.progress), asked);
    } else if (this.#mayBeLost) {
      await follow(this.#remover.removeLost(id), asked);
    }
    await this.recorder.forget();
  }
}

async function follow({ asked, gone }: Removal, tellAsked: () => void): Promise<void> {
  // Where the guest is gone at once, its record goes first.
  let isGone = false;
  const done = gone.then(() => {
    isGone = true;
  });
  void asked.then(() => {
    if (!isGone) tellAsked();
  });
  await done;
}
