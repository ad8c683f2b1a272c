import { backoffMs } from "./backoff.js";
import type { Ended, GuestFacts, Json, PluginIo } from "./guest.js";
import type { Surroundings } from "./surroundings.js";
import { isAborted, pause } from "./waiting.js";

/** What a watch tells the session. */
export interface WatchEvents {
  /** Called once: the guest or its program has ended. */
  onEnded(ended: Ended): void;
  /** The backend has moved the guest's end. */
  onExpiry(expiresAt: Date): void;
  /** The guest is there, and its program runs or not: news after a restart alone. */
  onSeen(isRunning: boolean): void;
}

export interface WatchOptions<H extends Json> {
  readonly sessionId: string;
  readonly handle: H;
  /** Aborts when nobody wants to know any more. */
  readonly signal: AbortSignal;
  readonly events: WatchEvents;
}

/**
 * Finds out that a guest or its program has ended: at once where the backend tells (SESS-10), by `inspect`
 * where it does not or where its telling broke off. Only an answer counts: doubt changes nothing.
 */
export class GuestWatch<H extends Json> {
  #io: PluginIo | undefined;
  /** True once a program was seen to run: only then is one that is not there a program that has ended. */
  #hasPlugin = false;
  /** True while nobody watches a program that may run: after a restart, and when the watch over it broke off. */
  #isUnwatched = false;
  #asking = false;
  /** True while a look is due: the guest and its plugin share it. */
  #isDue = false;
  #ended = false;

  constructor(
    private readonly around: Surroundings<H>,
    private readonly options: WatchOptions<H>,
  ) {}

  guest(ended: Promise<Ended> | undefined): void {
    if (ended === undefined && this.around.backend.traits.outlivesProvider !== true) return;
    this.#follow(ended);
  }

  plugin(ended: Promise<Ended> | undefined, io: PluginIo): void {
    this.#io = io;
    this.#hasPlugin = true;
    this.#follow(ended);
  }

  /** Asks the backend how things are: after a restart, nothing is known (REC-1). */
  restored(io: PluginIo, hadPlugin: boolean): void {
    this.#io = io;
    this.#hasPlugin = hadPlugin;
    this.#isUnwatched = true;
    void this.#ask();
  }

  #follow(ended: Promise<Ended> | undefined): void {
    if (ended === undefined) void this.#askLater();
    else
      ended.then(
        (end) => this.#end(end),
        () => {
          this.#isUnwatched = true;
          void this.#ask();
        },
      );
  }

  async #askLater(): Promise<void> {
    if (this.around.backend.inspect === undefined || this.#isDue) return;
    const { signal } = this.options;
    this.#isDue = true;
    await pause(this.around.clock, this.around.limits.watchEveryMs, signal).catch(() => undefined);
    this.#isDue = false;
    if (!signal.aborted) await this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#asking || this.#ended) return;
    this.#asking = true;
    const facts = await this.#facts();
    this.#asking = false;
    if (facts === undefined) return;
    if (facts.expiresAt !== undefined) this.options.events.onExpiry(facts.expiresAt);
    const ended = endedOf(facts, this.#hasPlugin);
    if (ended !== undefined) {
      this.#end(ended);
      return;
    }
    if (facts.plugin === "running") this.#hasPlugin = true;
    if (facts.guest === "up") this.options.events.onSeen(facts.plugin === "running");
    if (!(await this.#adopt(facts))) void this.#askLater();
  }

  /** Repeated until there is an answer; undefined when nobody wants it any more. */
  async #facts(): Promise<GuestFacts | undefined> {
    const { backend, calls, limits, logger, clock, random } = this.around;
    const { handle, signal, sessionId } = this.options;
    if (backend.inspect === undefined) {
      logger.warn({ session: sessionId }, "the watch over a guest broke off, and the backend has no inspect");
      return undefined;
    }
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        return await calls.run(
          { what: "inspecting the guest", timeoutMs: limits.inspectTimeoutMs, sessionId, signal },
          async (context) => backend.inspect?.(handle, context),
        );
      } catch (error) {
        if (isAborted(signal)) return undefined;
        logger.warn({ session: sessionId, failures, error }, "inspecting a guest failed; it is tried again");
        await pause(clock, backoffMs(limits.retry, failures, random), signal).catch(() => undefined);
      }
    }
    return undefined;
  }

  /** Lets the backend watch a program that runs, once more. */
  async #adopt(facts: GuestFacts): Promise<boolean> {
    const { backend, calls, limits, logger } = this.around;
    const { handle, signal, sessionId } = this.options;
    const io = this.#io;
    if (!this.#isUnwatched || facts.plugin !== "running") return false;
    if (io === undefined || backend.adopt === undefined) return false;
    try {
      const call = { what: "adopting the plugin", timeoutMs: limits.launchTimeoutMs, sessionId, signal };
      const plugin = await calls.run(call, async (context) => backend.adopt?.(handle, io, context));
      this.#isUnwatched = false;
      if (plugin?.ended === undefined) return false;
      this.#follow(plugin.ended);
      return true;
    } catch (error) {
      logger.warn({ session: sessionId, error }, "a running plugin could not be adopted; it is asked again");
      return false;
    }
  }

  #end(ended: Ended): void {
    if (this.#ended || this.options.signal.aborted) return;
    this.#ended = true;
    this.options.events.onEnded(ended);
  }
}

function endedOf({ guest, plugin }: GuestFacts, hasPlugin: boolean): Ended | undefined {
  if (typeof plugin === "object") return plugin;
  if (typeof guest === "object") return guest;
  if (guest === "gone") return { how: "vanished", detail: "the guest is not there any more" };
  if (hasPlugin && plugin === "none") return { how: "vanished", detail: "the program is not there any more" };
  return undefined;
}
