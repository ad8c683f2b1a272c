import type { Readable } from "node:stream";
import type { SessionLog } from "../logs/index.js";
import type { PluginIo, PullOutput } from "./guest.js";
import { settledWithin, type Clock } from "./waiting.js";

/** A plugin's output on its way into the session's log, and when it has all arrived. */
export class PluginOutput implements PluginIo {
  readonly #streams: Promise<unknown>[] = [];
  /** What fetches the output now; a program that is adopted again brings a new one. */
  #read: PullOutput | undefined;
  #pulled: Promise<unknown> | undefined;
  readonly #over = new AbortController();

  constructor(
    private readonly log: SessionLog,
    private readonly clock: Clock,
  ) {}

  consume(stream: "stdout" | "stderr", output: AsyncIterable<unknown> | Readable): void {
    // A stream that breaks has ended; why the program did is told elsewhere.
    this.#streams.push(this.log.consume(stream, output).catch(() => undefined));
  }

  async write(stream: "stdout" | "stderr", bytes: Uint8Array): Promise<void> {
    if (!this.log.write(stream, bytes)) await this.log.drain();
  }

  pull(read: PullOutput): void {
    this.#read = read;
    // The cursor is kept: what an earlier reader has fetched is not fetched again.
    this.#pulled ??= this.log
      .pull(async (...from) => this.#read?.(...from), { signal: this.#over.signal })
      .catch(() => undefined);
  }

  /** Fetches what is there to be fetched, once more and for so long at most. */
  async lastPull(timeoutMs: number): Promise<void> {
    if (this.#pulled === undefined) return;
    this.#over.abort();
    await settledWithin(this.clock, this.#pulled, timeoutMs);
  }

  /** Resolves when all streams have ended, or after `timeoutMs`: a grandchild may hold them open. */
  async ended(timeoutMs: number): Promise<void> {
    this.#over.abort();
    await settledWithin(this.clock, Promise.all([...this.#streams, this.#pulled]), timeoutMs);
  }
}
