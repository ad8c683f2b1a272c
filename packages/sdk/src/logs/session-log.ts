import type { Readable } from "node:stream";
import { LineSplitter } from "./line-splitter.js";
import { LineTail } from "./line-tail.js";
import { logRecord, type LogStream } from "./log-record.js";
import type { LogTimer } from "./clock.js";
import type { LogLimits } from "./options.js";
import type { RecordSink } from "./record-sink.js";

/** One session's log. Nothing here waits for the log host but `drain` and `flush`, and nothing throws (LOGS-4). */
export interface SessionLog {
  readonly sessionId: string;
  /**
   * Takes bytes of the plugin, cut anywhere; complete lines become records at once.
   *
   * @returns false when the buffer is full and `fullBuffer` is `"block"`: write on after {@link drain}
   */
  write(stream: "stdout" | "stderr", bytes: Uint8Array): boolean;
  /** Resolves when there is room again, or when the log host counts as down. */
  drain(): Promise<void>;
  /**
   * Forwards a stream to its end, at the pace that `fullBuffer` says, and then what is left of its last line.
   * Never rejects: a stream that can't be read to its end is reported in the log.
   */
  consume(stream: "stdout" | "stderr", readable: AsyncIterable<unknown> | Readable): Promise<void>;
  /** The runtime's own message, for example why the session failed; each of its lines is a record. */
  runtime(message: string): void;
  /**
   * The host knows the session: call it when any call of the host for this session comes in after StartSession
   * was answered. Cheap, and idle after the first time (LOGS-2).
   */
  registered(): void;
  /**
   * Sends all that was written up to now, partial lines included, before other sessions' records. Call it before
   * a failed StartPlugin and before StopSession are answered (LOGS-3, LOGS-6).
   *
   * @param timeoutMs the longest that it takes; less when the log host can't be reached or the session is unknown
   * @returns whether all of it has arrived
   */
  flush(timeoutMs: number): Promise<boolean>;
  /** The last lines of a stream, oldest first, for an error's text (PLUG-6). */
  tail(stream: LogStream, lines: number): string[];
  /** Nothing more will be written. What is left is still sent, for some seconds; then the session is forgotten. */
  end(): void;
}

/** Turns what is written into numbered records (LOGS-1) and hands them to a sink. */
export class RecordingSessionLog implements SessionLog {
  readonly #splitters = new Map<LogStream, LineSplitter>();
  readonly #tails = new Map<LogStream, LineTail>();
  readonly #touched = new Set<LogStream>();
  #sequence = 0;
  #ended = false;
  #idle: LogTimer | undefined;

  constructor(
    readonly sessionId: string,
    readonly limits: LogLimits,
    readonly sink: RecordSink,
  ) {}

  write(stream: "stdout" | "stderr", bytes: Uint8Array): boolean {
    if (this.#ended) return true;
    const splitter = this.#splitter(stream);
    splitter.write(bytes);
    if (splitter.hasPartialLine) {
      this.#touched.add(stream);
      this.#watchPartialLines();
    }
    return !this.sink.isFull;
  }

  drain(): Promise<void> {
    return this.sink.drain();
  }

  async consume(stream: "stdout" | "stderr", readable: AsyncIterable<unknown> | Readable): Promise<void> {
    // A chunk of nothing but line feeds becomes a hundred times its size: taken in slices, it stays in bounds.
    const sliceBytes = Math.max(64, Math.min(8192, this.limits.sessionBytes >> 9));
    try {
      for await (const chunk of readable) {
        const bytes = typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
        for (let at = 0; at < bytes.length; at += sliceBytes)
          if (!this.write(stream, bytes.subarray(at, at + sliceBytes))) await this.drain();
      }
    } catch (thrown) {
      // A pipe that the runtime itself has closed is no news.
      if (codeOf(thrown) !== "ERR_STREAM_PREMATURE_CLOSE")
        this.runtime(`${stream} could not be read to its end: ${String(thrown)}`);
    }
    if (!this.#ended) this.#splitters.get(stream)?.end();
  }

  runtime(message: string): void {
    if (this.#ended || message === "") return;
    const splitter = this.#splitter("runtime");
    splitter.write(Buffer.from(message));
    splitter.end();
  }

  registered(): void {
    this.sink.registered();
  }

  flush(timeoutMs: number): Promise<boolean> {
    if (!this.#ended) for (const splitter of this.#splitters.values()) splitter.flushPartialLine();
    return this.sink.flush(timeoutMs);
  }

  tail(stream: LogStream, lines: number): string[] {
    return this.#tails.get(stream)?.last(lines) ?? [];
  }

  end(): void {
    if (this.#ended) return;
    for (const splitter of this.#splitters.values()) splitter.end();
    this.#ended = true;
    this.#idle?.cancel();
    this.#splitters.clear();
    this.sink.end();
  }

  #splitter(stream: LogStream): LineSplitter {
    let splitter = this.#splitters.get(stream);
    if (splitter === undefined) {
      const tail = new LineTail(this.limits.tailLines);
      splitter = new LineSplitter(this.limits.lineBytes, (message) => {
        tail.push(message);
        this.sink.push(logRecord(++this.#sequence, stream, message, this.limits.clock.now()));
      });
      this.#tails.set(stream, tail);
      this.#splitters.set(stream, splitter);
    }
    return splitter;
  }

  /** Looks twice in `partialLineMs`: a line that got no byte in between is emitted as far as it goes. */
  #watchPartialLines(): void {
    this.#idle ??= this.limits.clock.setTimeout(() => {
      this.#idle = undefined;
      let partial = false;
      for (const [stream, splitter] of this.#splitters) {
        if (!this.#touched.has(stream)) splitter.flushPartialLine();
        partial ||= this.#touched.has(stream) && splitter.hasPartialLine;
      }
      this.#touched.clear();
      if (partial) this.#watchPartialLines();
    }, this.limits.partialLineMs / 2);
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
