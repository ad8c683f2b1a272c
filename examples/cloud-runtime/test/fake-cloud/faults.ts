import { Changes } from "./changes.js";
import type { CallKind, Fault, FaultAction } from "./settings.js";

/** The faults that are to come, and the calls that hang. */
export class Faults {
  #planned: { readonly on: CallKind; readonly action: FaultAction; left: number }[] = [];
  /** How often faults were cleared. */
  cleared = 0;
  readonly #changes = new Changes();

  add({ on, action, times = 1 }: Fault): void {
    this.#planned.push({ on, action, left: times === "all" ? Infinity : times });
  }

  /** The first fault that waits for such a call; it has then met one more. */
  take(kind: CallKind): FaultAction | undefined {
    const found = this.#planned.find(({ on }) => on === kind);
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#planned = this.#planned.filter((fault) => fault !== found);
    return found.action;
  }

  /** Forgets what is planned, and lets go of the calls that hang. */
  clear(): void {
    this.#planned = [];
    this.cleared += 1;
    this.#changes.notify();
  }

  /** Resolves when faults are cleared once more than `before`, or the client goes away. */
  async hang(before: number, signal: AbortSignal): Promise<void> {
    const forEverMs = 2 ** 31 - 1;
    await this.#changes.until(() => this.cleared > before, forEverMs, signal);
  }
}
