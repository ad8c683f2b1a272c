import { createHash } from "node:crypto";

/** Random values that are the same for the same seed and check, whatever ran before. */
export class Random {
  readonly #seed: string;
  #drawn = 0;

  constructor(seed: number, check: string) {
    this.#seed = `${seed}\0${check}`;
  }

  /** A whole number from 0 up to and without `below`, which is at most 2^32. */
  below(below: number): number {
    return this.#block().readUInt32BE(0) % below;
  }

  /** One of them. */
  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0];
  }

  /** So many hexadecimal digits, at most 64. */
  hex(digits: number): string {
    return this.#block().toString("hex").slice(0, digits);
  }

  #block(): Buffer {
    this.#drawn += 1;
    return createHash("sha256").update(`${this.#seed}\0${this.#drawn}`).digest();
  }
}
