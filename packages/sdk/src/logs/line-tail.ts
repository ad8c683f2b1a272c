/** The last lines of one stream, kept for an error's text (PLUG-6): so many lines, and so many bytes at most. */
export class LineTail {
  readonly #lines: string[] = [];
  #length = 0;

  constructor(readonly maxLines: number) {}

  push(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    while (this.#lines.length > this.maxLines || (this.#length > maxLength && this.#lines.length > 1))
      this.#length -= this.#lines.shift()?.length ?? 0;
  }

  last(lines: number): string[] {
    return lines <= 0 ? [] : this.#lines.slice(-lines).map((line) => (line === "\n" ? "" : line));
  }
}

const maxLength = 16 * 1024;
