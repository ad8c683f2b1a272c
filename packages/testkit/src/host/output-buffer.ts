/** The newest bytes of what a process wrote, and nothing more. */
export class OutputBuffer {
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(readonly maxBytes: number) {}

  append(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= this.maxBytes * 2) return;
    this.#chunks = [this.#newest()];
    this.#bytes = this.#chunks[0]?.length ?? 0;
  }

  text(): string {
    return this.#newest().toString("utf8");
  }

  lastLines(count: number): readonly string[] {
    const lines = this.text().split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines.slice(-count);
  }

  #newest(): Buffer {
    const all = Buffer.concat(this.#chunks);
    // A copy, so that the dropped part can be freed.
    return all.length <= this.maxBytes ? all : Buffer.from(all.subarray(all.length - this.maxBytes));
  }
}
