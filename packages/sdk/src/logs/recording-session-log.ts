import type { Readable } from "node:stream";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { LogPull, type LogPullRead, type PullTarget } from "./log-pull.js";
import { logRecord, type LogStream } from "./log-record.js";
import type { LogLimits } from "./options.js";
import { pullTimes, type LogPullOptions } from "./pull-options.js";
import type { RecordSink } from "./record-sink.js";
import type { SessionLog } from "./session-log.js";
import { StreamLines } from "./stream-lines.js";

/** Turns what is written into numbered records (LOGS-1) and hands them to a sink. */
export class RecordingSessionLog implements SessionLog {
  readonly #lines: StreamLines;
  readonly #pulls = new Set<LogPull>();
  /** A chunk of nothing but line feeds becomes a hundred times its size: taken in slices, it stays in bounds. */
  readonly #sliceBytes: number;
  #sequence = 0;
  #hasOutput = false;
  #ended = false;

  constructor(
    readonly sessionId: string,
    readonly limits: LogLimits,
    readonly sink: RecordSink,
    readonly redact: (message: string) => string = (message) => message,
  ) {
    this.#sliceBytes = Math.max(64, Math.min(8192, limits.sessionBytes >> 9));
    this.#lines = new StreamLines(limits, (stream, message) =>
      sink.push(logRecord(++this.#sequence, stream, redact(message), limits.clock.now())),
    );
  }

  write(stream: "stdout" | "stderr", bytes: Uint8Array): boolean {
    if (this.#ended) return true;
    // A plugin runs: its StartPlugin came after StartSession was answered.
    if (!this.#hasOutput) this.sink.answered();
    this.#hasOutput = true;
    this.#lines.write(stream, bytes);
    return !this.sink.isFull;
  }

  drain(): Promise<void> {
    return this.#lines.whileWaiting(this.sink.drain());
  }

  async consume(stream: "stdout" | "stderr", readable: AsyncIterable<unknown> | Readable): Promise<void> {
    try {
      for await (const chunk of readable) {
        const bytes = typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
        for (let at = 0; at < bytes.length; at += this.#sliceBytes)
          if (!this.write(stream, bytes.subarray(at, at + this.#sliceBytes))) await this.drain();
      }
    } catch (thrown) {
      // A pipe that the runtime itself has closed is no news.
      if (codeOf(thrown) !== "ERR_STREAM_PREMATURE_CLOSE")
        this.runtime(RuntimeProviderError.from(thrown, `${stream} could not be read to its end`).message);
    }
    this.#lines.endStream(stream);
  }

  async pull(read: LogPullRead, options: LogPullOptions = {}): Promise<void> {
    const times = pullTimes(options);
    if (this.#ended) return;
    const { sessionBytes, clock } = this.limits;
    const limits = { sliceBytes: this.#sliceBytes, waitingBytes: sessionBytes };
    const pull = new LogPull(read, times, this.#pullTarget(), limits, clock);
    const finish = (): void => pull.finish();
    this.#pulls.add(pull);
    if (options.signal?.aborted === true) finish();
    options.signal?.addEventListener("abort", finish, { once: true });
    await pull.run();
    options.signal?.removeEventListener("abort", finish);
    this.#pulls.delete(pull);
    for (const stream of pull.streams) {
      this.#lines.resume(stream);
      this.#lines.endStream(stream);
    }
  }

  runtime(message: string): void {
    if (this.#ended || message === "") return;
    this.#lines.write("runtime", Buffer.from(message));
    this.#lines.endStream("runtime");
  }

  answered(): void {
    this.sink.answered();
  }

  registered(): void {
    this.sink.registered();
  }

  flush(timeoutMs: number): Promise<boolean> {
    this.#lines.flushPartialLine();
    return this.sink.flush(timeoutMs);
  }

  tail(stream: LogStream, lines: number): string[] {
    return this.#lines.tail(stream, lines).map((line) => this.redact(line));
  }

  end(): void {
    if (this.#ended) return;
    this.#lines.end();
    this.#ended = true;
    for (const pull of this.#pulls) pull.stop();
    this.sink.end();
  }

  #pullTarget(): PullTarget {
    const lines = this.#lines;
    return {
      write: (stream, bytes) => this.write(stream, bytes),
      drain: () => this.drain(),
      runtime: (message) => this.runtime(message),
      suspend: (stream) => lines.suspend(stream),
      resume: (stream) => lines.resume(stream),
      flushPartialLine: (stream) => lines.flushPartialLine(stream),
    };
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
