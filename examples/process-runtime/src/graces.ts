import type { StopOptions } from "@gestalt-runtime/sdk/processes";

/** What is left of a deadline for killing and removing, after the grace: for one, and for each besides that is stopped with it. */
const reserveMs = { first: 400, each: 8 };
/** Of what is left of a deadline, killing many never takes more than this from their grace. */
const largestReserve = 2 / 3;

interface Stop {
  readonly deadline: Date;
  readonly stop: (options: StopOptions) => Promise<unknown>;
}

/**
 * How long programs get between being asked to end and being killed. The more are stopped at once, the earlier that is: the
 * kernel takes its time for ending a guest, and all of them have a deadline (SESS-8, PROC-6).
 */
export class Graces {
  readonly #stops = new Set<Stop>();

  /** @param graceMs the longest, as the operator configured it */
  constructor(private readonly graceMs: number) {}

  /** @param stop called again, perhaps with less grace, when others are to be stopped too; gives the same promise each time */
  async stop(deadline: Date, stop: Stop["stop"]): Promise<void> {
    const own = { deadline, stop };
    this.#stops.add(own);
    try {
      const stops = [...this.#stops].map((one) => [one, one.stop({ graceMs: this.#graceOf(one) })] as const);
      // The others are waited for by those who asked for them.
      await stops.find(([one]) => one === own)?.[1];
    } finally {
      this.#stops.delete(own);
    }
  }

  #graceOf({ deadline }: Stop): number {
    const leftMs = deadline.getTime() - Date.now();
    const many = Math.min(reserveMs.each * (this.#stops.size - 1), largestReserve * leftMs - reserveMs.first);
    return Math.max(0, Math.min(this.graceMs, leftMs - reserveMs.first - Math.max(0, many)));
  }
}
