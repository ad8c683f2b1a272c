import type { LogTimer } from "./clock.js";
import { LineSplitter } from "./line-splitter.js";
import { LineTail } from "./line-tail.js";
import type { LogStream } from "./log-record.js";
import type { LogLimits } from "./options.js";

/** One session's streams as lines, each stream cut for itself, and what becomes of lines that do not end. */
export class StreamLines {
  readonly #splitters = new Map<LogStream, LineSplitter>();
  readonly #tails = new Map<LogStream, LineTail>();
  readonly #touched = new Set<LogStream>();
  readonly #suspended = new Set<LogStream>();
  /** Those who wait for room: nobody reads what the plugin writes. */
  #waiting = 0;
  #idle: LogTimer | undefined;
  #ended = false;

  constructor(
    readonly limits: LogLimits,
    readonly emit: (stream: LogStream, message: string) => void,
  ) {}

  write(stream: LogStream, bytes: Uint8Array): void {
    const splitter = this.#splitter(stream);
    splitter.write(bytes);
    if (splitter.hasPartialLine) this.#touch(stream);
  }

  /** The stream has ended: what is left of its last line is a record. */
  endStream(stream: LogStream): void {
    this.#splitters.get(stream)?.end();
  }

  /** Emits the line that has not ended as far as it goes; of all streams when none is named. */
  flushPartialLine(stream?: LogStream): void {
    for (const [name, splitter] of this.#splitters)
      if (stream === undefined || name === stream) splitter.flushPartialLine();
  }

  /** While a stream is suspended its time without a byte does not count. */
  suspend(stream: LogStream): void {
    this.#suspended.add(stream);
  }

  resume(stream: LogStream): void {
    this.#suspended.delete(stream);
    if (this.#splitters.get(stream)?.hasPartialLine === true) this.#touch(stream);
  }

  /** While anybody waits for room, no stream's time counts. */
  async whileWaiting(room: Promise<void>): Promise<void> {
    this.#waiting += 1;
    await room;
    this.#waiting -= 1;
    if (this.#waiting > 0) return;
    for (const [stream, splitter] of this.#splitters) if (splitter.hasPartialLine) this.#touch(stream);
  }

  tail(stream: LogStream, lines: number): string[] {
    return this.#tails.get(stream)?.last(lines) ?? [];
  }

  /** All streams have ended. Tails stay. */
  end(): void {
    for (const splitter of this.#splitters.values()) splitter.end();
    this.#ended = true;
    this.#idle?.cancel();
    this.#splitters.clear();
  }

  #splitter(stream: LogStream): LineSplitter {
    let splitter = this.#splitters.get(stream);
    if (splitter === undefined) {
      const tail = new LineTail(this.limits.tailLines);
      splitter = new LineSplitter(this.limits.lineBytes, (message) => {
        tail.push(message);
        this.emit(stream, message);
      });
      this.#tails.set(stream, tail);
      this.#splitters.set(stream, splitter);
    }
    return splitter;
  }

  #touch(stream: LogStream): void {
    this.#touched.add(stream);
    if (!this.#ended) this.#watch();
  }

  /** Looks twice in `partialLineMs`: a line that got no byte in between is emitted as far as it goes. */
  #watch(): void {
    this.#idle ??= this.limits.clock.setTimeout(() => {
      this.#idle = undefined;
      if (this.#waiting > 0) return;
      let partial = false;
      for (const [stream, splitter] of this.#splitters) {
        if (this.#suspended.has(stream)) continue;
        if (!this.#touched.has(stream)) splitter.flushPartialLine();
        partial ||= this.#touched.has(stream) && splitter.hasPartialLine;
      }
      this.#touched.clear();
      if (partial) this.#watch();
    }, this.limits.partialLineMs / 2);
  }
}
