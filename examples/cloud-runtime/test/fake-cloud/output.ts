import type { Readable } from "node:stream";
import { Changes } from "./changes.js";

export interface OutputChunk {
  readonly stream: "stdout" | "stderr";
  readonly data: string;
  /** Where to read on after it. */
  readonly cursor: string;
}

export interface OutputPage {
  readonly chunks: readonly OutputChunk[];
  /** True when nothing will follow. */
  readonly ended: boolean;
}

/** A program's output, in the order in which it came, read by pages from a cursor on. */
export class Output {
  readonly #changes = new Changes();
  readonly #parts: { readonly stream: "stdout" | "stderr"; readonly at: number; readonly bytes: Buffer }[] =
    [];
  #length = 0;
  #open = 0;

  take(stream: "stdout" | "stderr", source: Readable): void {
    this.#open += 1;
    source.on("data", (bytes: Buffer) => {
      this.#parts.push({ stream, at: this.#length, bytes });
      this.#length += bytes.length;
      this.#changes.notify();
    });
    source.on("error", () => undefined);
    source.once("close", () => {
      this.#open -= 1;
      this.#changes.notify();
    });
  }

  /** Waits for something after the cursor, and gives at most so many bytes of it. */
  async read(cursor: number, maxBytes: number, waitMs: number, signal: AbortSignal): Promise<OutputPage> {
    await this.#changes.until(() => this.#length > cursor || this.#open === 0, waitMs, signal);
    const chunks: OutputChunk[] = [];
    let left = maxBytes;
    for (const { stream, at, bytes } of this.#parts) {
      if (at + bytes.length <= cursor || left === 0) continue;
      const from = Math.max(0, cursor - at);
      const piece = bytes.subarray(from, from + left);
      left -= piece.length;
      chunks.push({ stream, data: piece.toString("base64"), cursor: String(at + from + piece.length) });
    }
    const read = Number(chunks.at(-1)?.cursor ?? cursor);
    return { chunks, ended: this.#open === 0 && read >= this.#length };
  }
}
