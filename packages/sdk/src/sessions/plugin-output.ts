import type { Readable } from "node:stream";
import type { SessionLog } from "../logs/index.js";
import type { PluginIo } from "./backend.js";
import { settledWithin } from "./waiting.js";

/** A plugin's output on its way into the session's log, and when it has all arrived. */
export class PluginOutput implements PluginIo {
  readonly #streams: Promise<unknown>[] = [];

  constructor(private readonly log: SessionLog) {}

  consume(stream: "stdout" | "stderr", output: Readable): void {
    // A stream that breaks has ended; why the program did is told elsewhere.
    this.#streams.push(this.log.consume(stream, output).catch(() => undefined));
  }

  write(stream: "stdout" | "stderr", bytes: Uint8Array): void {
    this.log.write(stream, bytes);
  }

  /** Resolves when all streams have ended, or after `timeoutMs`: a grandchild may hold them open. */
  async ended(timeoutMs: number): Promise<void> {
    await settledWithin(Promise.all(this.#streams), timeoutMs);
  }
}
