import type { ChildProcess } from "node:child_process";
import { PassThrough, type Duplex, type Readable } from "node:stream";
import { isRunning, keepUnreadOutput } from "./child.js";

/**
 * How a program ended: with an exit code, or by a signal. 137 and SIGKILL are different things. Of a real-time
 * signal (SIGRTMIN and up) Node.js tells nothing: such an end looks like exit code 0.
 */
export type Ended =
  | {
      readonly how: "exit";
      /** 0 to 255. */
      readonly code: number;
    }
  | {
      readonly how: "signal";
      /** Its name, such as `SIGKILL`. */
      readonly signal: NodeJS.Signals;
    };

/** A program that was started in a tree. */
export interface TreeProcess {
  /**
   * Its process id as this process sees it, which is another one inside a PID namespace. Undefined where it
   * ended within the few milliseconds before it could be seen.
   */
  readonly pid: number | undefined;
  /** What it writes; to be read, or it blocks once the pipe is full. */
  readonly stdout: Readable;
  /** As `stdout`. */
  readonly stderr: Readable;
  /** What `ProgramSpec.pipes` asked for: descriptor 3 first. Each goes both ways. */
  readonly pipes: readonly Duplex[];
  /** Resolves when it has ended, by itself or not (SESS-10); never rejects. What it started may still run. */
  readonly ended: Promise<Ended>;
  /**
   * Resolves when `stdout` and `stderr` have been read to their end; never rejects. A descendant that holds a
   * pipe open, or a reader that has stopped reading, gets `drainMs` from the end of the program; then both
   * streams are destroyed.
   */
  readonly drained: Promise<void>;
}

/** Follows a child to its end and that of its streams. */
export class Program implements TreeProcess {
  readonly child: ChildProcess;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly pipes: readonly Duplex[];
  readonly ended: Promise<Ended>;
  readonly drained: Promise<void>;
  pid: number | undefined;

  constructor(child: ChildProcess, drainMs: number) {
    const { stdout, stderr } = child;
    // Where the process has no descriptors left, there are no streams, and the child's error says so.
    this.child = child;
    this.stdout = stdout ?? new PassThrough();
    this.stderr = stderr ?? new PassThrough();
    // Pipes to a child are sockets; the types do not say so.
    this.pipes = child.stdio.slice(3) as unknown as Duplex[];
    // One that the program does not read to its end is no fault of this process.
    for (const pipe of this.pipes) pipe.on("error", () => undefined);
    keepUnreadOutput(child);
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) =>
        resolve(signal === null ? { how: "exit", code: code ?? 0 } : { how: "signal", signal }),
      );
    });
    this.drained = this.#drain(drainMs);
  }

  get isRunning(): boolean {
    return isRunning(this.child);
  }

  /** Lets go of a child that could not be started or will not end, so that it holds nothing here. */
  abandon(): void {
    this.child.unref();
    for (const stream of [this.stdout, this.stderr, ...this.pipes]) stream.destroy();
  }

  async #drain(drainMs: number): Promise<void> {
    const closed = Promise.all([closeOf(this.stdout), closeOf(this.stderr)]);
    await Promise.race([closed, this.ended]);
    const timer = setTimeout(() => this.abandon(), drainMs);
    await closed;
    clearTimeout(timer);
    await this.ended;
    for (const pipe of this.pipes) pipe.destroy();
  }
}

function closeOf(stream: Readable): Promise<void> {
  // What goes wrong on a pipe ends it; who reads it may listen for the error too.
  stream.on("error", () => undefined);
  return new Promise((resolve) => stream.once("close", resolve));
}
