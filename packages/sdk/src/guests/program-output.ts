import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { PullOutput } from "../sessions/guest.js";
import type { GuestExec } from "./exec.js";
import { endText, runHelper } from "./helper-run.js";
import { OutputCursor, OutputParser, type OutputEvent } from "./output-reader.js";
import { readScript } from "./shell-scripts.js";

/** What one run brings at most: it has to be held here while the log takes it. */
const runBytes = 1024 * 1024;

export interface ProgramOutputOptions {
  readonly directory: string;
  readonly shell: string;
  /** How long one run waits for more, while there is none. */
  readonly followMs: number;
  readonly timeoutMs: number;
}

/**
 * Follows a launched program's output from a cursor to its end, run by run. Each piece of bytes comes with the
 * cursor behind it, so that a read that breaks off goes on there without loss or doubles.
 */
export function programOutput(exec: GuestExec, options: ProgramOutputOptions): PullOutput {
  const { directory, shell, followMs, timeoutMs } = options;
  const ticks = String(Math.round(followMs / 100));
  return async (from, sink, signal) => {
    const cursor = new OutputCursor(from);
    for (let isEnd = false; !isEnd;) {
      signal.throwIfAborted();
      const run = new Run(cursor, sink);
      const { ended, stderr } = await runHelper(exec, {
        what: "read the program's output",
        argv: [shell, "-c", readScript, "sh", directory, ...cursor.words, ticks, String(runBytes)],
        stdout: (bytes) => run.take(bytes),
        timeoutMs: timeoutMs + followMs,
        signal,
      });
      await run.written();
      if (run.over === undefined)
        throw new RuntimeProviderError(
          "UNAVAILABLE",
          `reading the program's output in the guest broke off with ${endText(ended)}: ${stderr.trim()}`,
        );
      isEnd = run.over.isEnd;
    }
  };
}

type Sink = Parameters<PullOutput>[1];

/** One run of the script: writes what it prints, one piece after the other. */
class Run {
  over: Extract<OutputEvent, { type: "over" }> | undefined;
  readonly #parser: OutputParser;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    cursor: OutputCursor,
    private readonly sink: Sink,
  ) {
    this.#parser = new OutputParser(cursor);
  }

  take(bytes: Uint8Array): void {
    // The giver may use its buffer again.
    const copy = Buffer.from(bytes);
    this.#writing = this.#writing.then(() => this.#write(copy));
    this.#writing.catch(() => undefined);
  }

  written(): Promise<void> {
    return this.#writing;
  }

  async #write(chunk: Buffer): Promise<void> {
    for (const event of this.#parser.parse(chunk)) {
      if (event.type === "over") this.over = event;
      else if (event.type === "bytes") await this.sink.write(event.stream, event.bytes, event.cursor);
      else await this.sink.write(event.stream, lostText(event.stream), event.cursor);
    }
  }
}

function lostText(stream: string): Buffer {
  return Buffer.from(`\n[older ${stream} is lost: it was written faster than it was fetched]\n`);
}
