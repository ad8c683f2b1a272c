import type { Readable } from "node:stream";
import type { SessionLog } from "../logs/index.js";
import type { PluginIo, PullOutput } from "./guest.js";
import { settledWithin, type Clock } from "./waiting.js";

/** A plugin's output on its way into the session's log, and when it has all arrived. */
export class PluginOutput implements PluginIo {
  readonly #streams: Promise<unknown>[] = [];
  readonly #pulls: Promise<unknown>[] = [];
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
    const pulled = this.log.pull(read, { signal: this.#over.signal }).catch(() => undefined);
    this.#streams.push(pulled);
    this.#pulls.push(pulled);
  }

  /** Fetches what is there to be fetched, once more and for so long at most. */
  async lastPull(timeoutMs: number): Promise<void> {
    if (this.#pulls.length === 0) return;
    this.#over.abort();
    await settledWithin(this.clock, Promise.all(this.#pulls), timeoutMs);
  }

  /** Resolves when all streams have ended, or after `timeoutMs`: a grandchild may hold them open. */
  async ended(timeoutMs: number): Promise<void> {
    this.#over.abort();
    await settledWithin(this.clock, Promise.all(this.#streams), timeoutMs);
  }
}
