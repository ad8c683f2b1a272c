const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts one stream of bytes into the messages of log records (LOGS-2).
 *
 * A line ends with LF or CR LF, and loses that. A blank line becomes `"\n"`, because the host drops empty
 * messages. A line longer than `lineBytes` is cut into several messages, never inside a UTF-8 character, so
 * that the messages together are the line. What is not UTF-8 becomes U+FFFD, one bad string would make the
 * host refuse its whole batch; all else passes, NUL and lone CR included.
 */
export class LineSplitter {
  #held = Buffer.alloc(0);
  #heldBytes = 0;
  /** A part of the current line has been emitted: its end makes no blank line of its own. */
  #continues = false;

  constructor(
    readonly lineBytes: number,
    readonly emit: (message: string) => void,
  ) {}

  /** True while there are bytes of a line that has not ended. */
  get hasPartialLine(): boolean {
    return this.#heldBytes > 0;
  }

  /** Takes bytes in any pieces. They are not kept: the caller may use the array again. */
  write(input: Uint8Array): void {
    const bytes = Buffer.isBuffer(input)
      ? input
      : Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, start)) {
      this.#line(bytes, start, end);
      start = end + 1;
    }
    if (start < bytes.length) this.#hold(bytes, start, bytes.length);
  }

  /** Emits the line that has not ended as far as its characters are whole, for whoever waits to see it. */
  flushPartialLine(): void {
    this.#emitHeld(wholeCharacters(this.#held, 0, this.#heldBytes));
  }

  /** The stream has ended: emits all that is left, half a character included. */
  end(): void {
    this.#emitHeld(this.#heldBytes);
    this.#continues = false;
  }

  #line(bytes: Buffer, start: number, end: number): void {
    if (this.#heldBytes > 0 || end - start > this.lineBytes) {
      this.#hold(bytes, start, end);
      this.#finishLine(this.#held, 0, this.#heldBytes);
      this.#keepFrom(this.#heldBytes);
    } else this.#finishLine(bytes, start, end);
  }

  #finishLine(bytes: Buffer, start: number, end: number): void {
    const stop = end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
    if (stop > start) this.emit(bytes.toString("utf8", start, stop));
    else if (!this.#continues) this.emit("\n");
    this.#continues = false;
  }

  /** Keeps bytes of the current line, and emits a message whenever it is past the limit. */
  #hold(bytes: Buffer, start: number, end: number): void {
    let from = start;
    while (this.#heldBytes + end - from > this.lineBytes) {
      const room = this.lineBytes - this.#heldBytes;
      this.#append(bytes, from, from + room);
      from += room;
      this.#emitHeld(wholeCharacters(this.#held, 0, this.#heldBytes));
    }
    this.#append(bytes, from, end);
  }

  #append(bytes: Buffer, start: number, end: number): void {
    const needed = this.#heldBytes + end - start;
    if (needed > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.min(this.lineBytes, Math.max(needed, 2 * this.#held.length)),
      );
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = needed;
  }

  #emitHeld(bytes: number): void {
    if (bytes === 0) return;
    this.emit(this.#held.toString("utf8", 0, bytes));
    this.#keepFrom(bytes);
    this.#continues = true;
  }

  #keepFrom(start: number): void {
    this.#held.copyWithin(0, start, this.#heldBytes);
    this.#heldBytes -= start;
    // A thousand quiet sessions are not to hold a long line's memory each.
    if (this.#heldBytes === 0 && this.#held.length > 1024) this.#held = Buffer.alloc(0);
  }
}

/** How many bytes there are from `start` without the character, if any, that `end` cuts through. */
function wholeCharacters(bytes: Buffer, start: number, end: number): number {
  for (let at = end - 1; at >= start && at >= end - 3; at--) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return at + characterBytes(byte) > end ? at - start : end - start;
  }
  return end - start;
}

/** The length of the character that begins with this byte; 1 where none begins with it. */
function characterBytes(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}
