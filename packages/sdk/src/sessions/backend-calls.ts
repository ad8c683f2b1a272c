import type { Logger } from "../provider/logger.js";
import type { BackendContext } from "./backend.js";
import { BackendError } from "./backend-error.js";
import { backoffMs } from "./backoff.js";
import { CallGate } from "./call-gate.js";
import type { ResolvedLimits } from "./limits.js";
import { SessionSecrets } from "./session-secrets.js";
import { bounded, pause, type Bounded, type Clock } from "./waiting.js";

/** One method of a backend, about to be called. */
export interface BackendCall {
  /** What it does, as an error says it: "creating the guest". */
  readonly what: string;
  /** The longest that the runtime waits for it, over all repetitions. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Empty for calls that belong to no session. */
  readonly sessionId?: string;
  readonly progress?: (text: string) => void;
  /** Goes before others, and is not repeated here: its caller does, until the guest is gone. */
  readonly isDestroy?: boolean;
}

/** The one door to a backend: every call has a deadline, its turn, and repetitions where its error allows them. */
export class BackendCalls {
  readonly #gate: CallGate;
  /** Errors of calls that were repeated as often as they may be. */
  readonly #exhausted = new WeakSet();

  constructor(
    private readonly clock: Clock,
    private readonly limits: ResolvedLimits,
    private readonly logger: Logger,
    private readonly secrets: SessionSecrets = new SessionSecrets(),
    private readonly random: () => number = Math.random,
  ) {
    this.#gate = new CallGate(clock, limits.rate);
  }

  /** The provider ends: removals no longer wait for their turn. */
  close(): void {
    this.#gate.close();
  }

  /** @param late takes what the call yields after nobody waits for it; without a value where it failed */
  run<T>(
    call: BackendCall,
    work: (context: BackendContext) => Promise<T>,
    late?: (value?: T) => void,
  ): Promise<T> {
    const { what, timeoutMs, signal } = call;
    return bounded(
      { clock: this.clock, what, timeoutMs, ...(signal && { signal }) },
      (bounds) => this.#repeat(call, bounds.signal, () => this.#once(call, bounds, work)),
      late,
    );
  }

  /** What a call brings along that may go on for as long as its session does: nobody waits for it. */
  lasting(call: Pick<BackendCall, "what" | "sessionId">, signal: AbortSignal): BackendContext {
    const timeoutMs = this.limits.lifetimeMs ?? 365 * 86_400_000;
    const deadline = new Date(this.clock.now() + timeoutMs);
    return this.#context({ ...call, timeoutMs }, { signal, deadline });
  }

  async #once<T>(
    call: BackendCall,
    bounds: Bounded,
    work: (context: BackendContext) => Promise<T>,
  ): Promise<T> {
    const leave = await this.#gate.enter(call.isDestroy === true ? "destroy" : "other", bounds.signal);
    // A call that ignores its signal must not keep its place for ever.
    bounds.signal.addEventListener("abort", leave, { once: true });
    try {
      return await work(this.#context(call, bounds));
    } catch (error) {
      throw this.secrets.error(call.sessionId, error);
    } finally {
      bounds.signal.removeEventListener("abort", leave);
      leave();
    }
  }

  #context(call: BackendCall, { signal, deadline }: Bounded): BackendContext {
    return {
      signal,
      deadline,
      sessionId: call.sessionId ?? "",
      progress: call.progress ?? (() => undefined),
      logger: this.logger,
      call: (work) =>
        this.#repeat(call, signal, async () => {
          const leave = await this.#gate.enter("inner", signal);
          try {
            return await work();
          } catch (error) {
            throw this.secrets.error(call.sessionId, error);
          } finally {
            leave();
          }
        }),
    };
  }

  async #repeat<T>(call: BackendCall, signal: AbortSignal, once: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await once();
      } catch (error) {
        const again =
          error instanceof BackendError &&
          !this.#exhausted.has(error) &&
          error.options.retryable === true &&
          call.isDestroy !== true &&
          failures < this.limits.retry.attempts &&
          !signal.aborted;
        if (!again) {
          if (error instanceof BackendError) this.#exhausted.add(error);
          throw error;
        }
        const pauseMs = Math.max(
          backoffMs(this.limits.retry, failures, this.random),
          error.options.retryAfterMs ?? 0,
        );
        this.logger.info(
          { session: call.sessionId, failures, pauseMs: Math.round(pauseMs) },
          `${call.what} failed and is tried again: ${error.message}`,
        );
        await pause(this.clock, pauseMs, signal);
      }
    }
  }
}
