import type { EgressEvent } from "@gestalt-runtime/sdk/egress";

const linesAtOnce = 10;
const everyMs = 10_000;

/**
 * Says in a session's log what its proxy refused, and why. A plugin can cause any number of refusals: within ten seconds ten are
 * said, and then how many more there were.
 */
export class Denials {
  #said = 0;
  #unsaid = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly say: (text: string) => void) {}

  add({ method, host, port, reason, message }: EgressEvent): void {
    this.#timer ??= setTimeout(() => this.#next(), everyMs).unref();
    if (this.#said === linesAtOnce) {
      this.#unsaid += 1;
      return;
    }
    this.#said += 1;
    const wanted = host === undefined ? "" : ` ${host}${port === undefined ? "" : `:${port}`}`;
    this.say(`egress refused (${reason}): ${method}${wanted}: ${message}`);
  }

  /** Says what has not been said yet. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sayRest();
  }

  #next(): void {
    this.#timer = undefined;
    this.#said = 0;
    this.#sayRest();
  }

  #sayRest(): void {
    if (this.#unsaid === 0) return;
    this.say(`egress refused: ${this.#unsaid} more requests within ${everyMs / 1_000} s`);
    this.#unsaid = 0;
  }
}
