import type { SessionLifecycle } from "../provider/types.js";
import { after, type Clock, type Timer } from "./waiting.js";

export interface LifetimeOptions {
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly expiresAtMs?: number;
  readonly drainLeadMs: number;
  /** Called once, at the end of the session's life, by the runtime's own clock (SESS-12). */
  readonly onExpired: () => void;
}

/** When a session began, when it is to be drained, and when it ends (SESS-9). */
export class SessionLifetime {
  #expiresAtMs: number | undefined;
  #timer: Timer | undefined;

  constructor(private readonly options: LifetimeOptions) {
    this.#set(options.expiresAtMs);
  }

  get expiresAtMs(): number | undefined {
    return this.#expiresAtMs;
  }

  /** The earlier end counts: the host never moves a time that it has seen to a later one. */
  atMost(expiresAt: Date | undefined): boolean {
    const ms = expiresAt?.getTime();
    if (ms === undefined || ms >= (this.#expiresAtMs ?? Infinity)) return false;
    this.#set(ms);
    return true;
  }

  /** The times in their order, also where the backend ended a life before its drain time. */
  describe(): SessionLifecycle {
    const { startedAtMs, drainLeadMs } = this.options;
    const startedAt = new Date(startedAtMs);
    if (this.#expiresAtMs === undefined) return { startedAt };
    const expiresAtMs = Math.max(this.#expiresAtMs, startedAtMs);
    const leadMs = Math.min(drainLeadMs, (expiresAtMs - startedAtMs) / 2);
    return {
      startedAt,
      recommendedDrainAt: new Date(expiresAtMs - leadMs),
      expiresAt: new Date(expiresAtMs),
    };
  }

  end(): void {
    this.#timer?.cancel();
  }

  #set(expiresAtMs: number | undefined): void {
    this.#expiresAtMs = expiresAtMs;
    this.#timer?.cancel();
    if (expiresAtMs === undefined) return;
    const { clock, onExpired } = this.options;
    this.#timer = after(clock, Math.max(0, expiresAtMs - clock.now()), onExpired);
  }
}
