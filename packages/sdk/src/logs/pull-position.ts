/** A stream that can be fetched. */
export type PulledStream = "stdout" | "stderr";

/**
 * How far a source has been taken: its last cursor, and per stream the bytes that were taken past it. A read that
 * begins again at the cursor brings those once more; they are known by their number.
 */
export class PullPosition {
  #cursor: string | undefined;
  #takenBytes = 0;
  /** `taken` and `read` count from the cursor on; the read under way is never further than what was taken. */
  readonly #streams = new Map<PulledStream, { taken: number; read: number }>();

  get cursor(): string | undefined {
    return this.#cursor;
  }

  /** All bytes that were ever taken. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  get streams(): Iterable<PulledStream> {
    return this.#streams.keys();
  }

  /** A new read begins at the cursor. */
  rewind(): void {
    for (const stream of this.#streams.values()) stream.read = 0;
  }

  /** The read has brought so many bytes of a stream. Returns how many of them were taken before. */
  skip(name: PulledStream, bytes: number): number {
    const stream = this.#stream(name);
    const known = Math.min(bytes, stream.taken - stream.read);
    stream.read += known;
    return known;
  }

  /** These bytes are taken for the first time. */
  take(name: PulledStream, bytes: number): void {
    const stream = this.#stream(name);
    stream.read += bytes;
    stream.taken = stream.read;
    this.#takenBytes += bytes;
  }

  /** All that this read has brought so far lies before `cursor`. */
  mark(cursor: string): void {
    this.#cursor = cursor;
    for (const stream of this.#streams.values()) {
      stream.taken -= stream.read;
      stream.read = 0;
    }
  }

  /** Bytes that were taken before and that this read has not brought. */
  missing(name: PulledStream): number {
    const stream = this.#stream(name);
    return stream.taken - stream.read;
  }

  #stream(name: PulledStream): { taken: number; read: number } {
    let stream = this.#streams.get(name);
    if (stream === undefined) this.#streams.set(name, (stream = { taken: 0, read: 0 }));
    return stream;
  }
}
