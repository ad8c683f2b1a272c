import type { HealthReport } from "../provider/types.js";
import type { Json } from "./guest.js";
import type { Surroundings } from "./surroundings.js";
import { pause } from "./waiting.js";

/** What the backend's `check` found last. It runs at the runtime's own pace, however often the host asks (LIFE-4). */
export class Health<H extends Json> {
  #report: HealthReport = { ready: true };
  #first: Promise<void> | undefined;

  constructor(private readonly around: Surroundings<H>) {}

  /** The first question waits for the first check. */
  async report(): Promise<HealthReport> {
    const { backend } = this.around;
    if (backend.traits.cannotHost !== undefined) return { ready: false, message: backend.traits.cannotHost };
    if (backend.check !== undefined) await (this.#first ??= this.#begin());
    return this.#report;
  }

  #begin(): Promise<void> {
    const first = this.#check();
    const { clock, limits, over } = this.around;
    void (async () => {
      await first;
      while (!over.aborted) {
        await pause(clock, limits.watchEveryMs, over);
        await this.#check();
      }
    })().catch(() => undefined);
    return first;
  }

  async #check(): Promise<void> {
    const { backend, calls, limits, over } = this.around;
    const call = { what: "the backend's check", timeoutMs: limits.checkTimeoutMs, signal: over };
    try {
      await calls.run(call, async (context) => backend.check?.(context));
      this.#report = { ready: true };
    } catch (error) {
      this.#report = { ready: false, message: error instanceof Error ? error.message : String(error) };
    }
  }
}
