import { setTimeout as delay } from "node:timers/promises";

/** What has to be undone, the newest first; one that fails or hangs holds up none of the others. */
export class CleanUp {
  readonly #actions: { readonly what: string; readonly action: () => unknown }[] = [];

  add(what: string, action: () => unknown): void {
    this.#actions.push({ what, action });
  }

  /** @returns what could not be undone, as sentences */
  async run(limitMs = 8_000): Promise<string[]> {
    const faults: string[] = [];
    for (const { what, action } of this.#actions.splice(0).reverse()) {
      const limit = new AbortController();
      const late = Symbol();
      try {
        const first = await Promise.race([
          Promise.resolve(action()),
          delay(limitMs, late, { signal: limit.signal }),
        ]);
        if (first === late) faults.push(`clean-up "${what}" was not done within ${limitMs} ms`);
      } catch (error) {
        faults.push(`clean-up "${what}": ${error instanceof Error ? error.message : String(error)}`);
      } finally {
        limit.abort();
      }
    }
    return faults;
  }
}
