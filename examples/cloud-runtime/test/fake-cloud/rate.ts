import type { CloudSettings } from "./settings.js";

/** A bucket of calls that fills with time. */
export class Rate {
  #tokens = 0;
  #atMs = 0;
  #limit: CloudSettings["rate"] = null;

  set(limit: CloudSettings["rate"]): void {
    this.#limit = limit;
    this.#tokens = limit?.burst ?? 0;
    this.#atMs = performance.now();
  }

  /** Takes one call; else says in how many whole seconds there is room again. */
  take(): number | undefined {
    if (this.#limit === null) return undefined;
    const { perSecond, burst } = this.#limit;
    const now = performance.now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#atMs) * perSecond) / 1_000);
    this.#atMs = now;
    if (this.#tokens < 1) return Math.ceil((1 - this.#tokens) / perSecond);
    this.#tokens -= 1;
    return undefined;
  }
}
