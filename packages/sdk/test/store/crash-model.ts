import { expect } from "vitest";

interface Step {
  readonly n: number;
  readonly removes: boolean;
}

interface Known {
  /** What may be on disk: the last that was done, and all that were begun after it. */
  possible: Step[];
}

/** What may be found after crashes, from what the instances said before they were killed. */
export class CrashModel {
  readonly #sessions = new Map<string, Known>();

  /** Follows one instance's lines to their end. */
  follow(lines: readonly string[]): void {
    for (const line of lines) {
      const [what = "", id = "", text = ""] = line.split(" ");
      const n = Number(text);
      if (what === "took") this.#found(id, n);
      else if (what === "save" || what === "remove")
        this.#of(id).possible.push({ n, removes: what === "remove" });
      else if (what === "done") this.#keepFrom(id, n);
    }
  }

  /** Checks all that was found, and goes on from it. */
  checkAll(found: ReadonlyMap<string, number>): void {
    for (const [id, n] of found) this.#found(id, n);
    for (const [id, { possible }] of this.#sessions) {
      if (found.has(id)) continue;
      expect(
        possible.some(({ removes }) => removes),
        `session ${id} is lost; possible: ${text(possible)}`,
      ).toBe(true);
      this.#sessions.delete(id);
    }
  }

  get size(): number {
    return this.#sessions.size;
  }

  #found(id: string, n: number): void {
    const { possible } = this.#of(id);
    const step = possible.find((one) => one.n === n && !one.removes);
    expect(step, `session ${id} was found as ${n}; possible: ${text(possible)}`).toBeDefined();
    this.#sessions.set(id, { possible: [{ n, removes: false }] });
  }

  #keepFrom(id: string, n: number): void {
    const known = this.#of(id);
    known.possible = known.possible.filter((step) => step.n >= n);
  }

  #of(id: string): Known {
    const known = this.#sessions.get(id) ?? { possible: [{ n: 0, removes: true }] };
    this.#sessions.set(id, known);
    return known;
  }
}

function text(steps: readonly Step[]): string {
  return steps.map(({ n, removes }) => (removes ? `none (${n})` : String(n))).join(", ");
}
