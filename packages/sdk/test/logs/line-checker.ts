import { numberedLine } from "./numbered-lines.js";

export interface LineVerdict {
  /** Lines that arrived, each counted once. */
  readonly received: number;
  /** Lines that announcements stand for. */
  readonly announced: number;
  readonly announcements: number;
  /** Lines that came again, unchanged: their call's answer was lost (LOGS-2). */
  readonly repeated: number;
  /** What is wrong, the first ten things of it. */
  readonly faults: readonly string[];
}

export interface CheckedRecord {
  readonly sourceSeq: number;
  readonly stream: "stdout" | "stderr" | "runtime" | "unspecified";
  readonly message: string;
}

/**
 * Follows the log of a program that writes {@link numberedLine}s to stdout, and nothing else: record after record,
 * each line has to be the next one, or an announcement has to stand where the next ones are missing.
 */
export class LineChecker {
  /** The last line that arrived or was announced. */
  #last = 0;
  #received = 0;
  #announced = 0;
  #announcements = 0;
  #repeated = 0;
  /** Ranges that never arrived: what is in them can't come again. */
  readonly #gaps: { readonly first: number; readonly last: number }[] = [];
  readonly #faults: string[] = [];

  get received(): number {
    return this.#received;
  }

  add({ sourceSeq, stream, message }: CheckedRecord): void {
    if (stream === "runtime") this.#announcement(sourceSeq, message);
    else if (stream !== "stdout" || message !== numberedLine(sourceSeq))
      this.#fault(`source_seq ${sourceSeq} on ${stream} is ${JSON.stringify(message.slice(0, 40))}`);
    else if (sourceSeq > this.#last) this.#line(sourceSeq);
    else if (this.#gaps.some(({ first, last }) => sourceSeq >= first && sourceSeq <= last))
      this.#fault(`line ${sourceSeq} came after line ${this.#last}, or was announced as lost`);
    else this.#repeated += 1;
  }

  /** @param written how many lines the program wrote */
  verdict(written: number): LineVerdict {
    const faults = [...this.#faults];
    if (this.#last !== written) faults.push(`the log ends with line ${this.#last} of ${written}`);
    return {
      received: this.#received,
      announced: this.#announced,
      announcements: this.#announcements,
      repeated: this.#repeated,
      faults,
    };
  }

  #line(number: number): void {
    if (number !== this.#last + 1) {
      this.#fault(`line ${number} follows line ${this.#last}`);
      this.#gaps.push({ first: this.#last + 1, last: number - 1 });
    }
    this.#last = number;
    this.#received += 1;
  }

  #announcement(sourceSeq: number, message: string): void {
    const found = /^(\d+) records? dropped \(source_seq (\d+)(?: to (\d+))?\): ./.exec(message);
    const [, count = "", first = "", last = first] = found ?? [];
    const range = { first: Number(first), last: Number(last) };
    const isExact =
      found !== null &&
      Number(count) === range.last - range.first + 1 &&
      range.last === sourceSeq &&
      range.first === this.#last + 1;
    if (!isExact)
      this.#fault(`after line ${this.#last}, source_seq ${sourceSeq} is ${JSON.stringify(message)}`);
    this.#gaps.push(range);
    this.#announcements += 1;
    this.#announced += range.last - range.first + 1;
    this.#last = Math.max(this.#last, range.last);
  }

  #fault(text: string): void {
    if (this.#faults.length < 10) this.#faults.push(text);
  }
}
