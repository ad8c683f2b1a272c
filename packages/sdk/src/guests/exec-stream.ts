import { Duplex, PassThrough } from "node:stream";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { GuestExec, GuestExecStream } from "./exec.js";
import { endText } from "./helper-run.js";

/** The bound of {@link streamOverExec}. */
export interface StreamOverExecOptions {
  /**
   * How much output may wait to be read: an exec that calls back can't be slowed down, so that a stream past this
   * breaks off. Default 16 MiB.
   */
  readonly maxUnreadBytes?: number;
}

const errorTailBytes = 1_024;

/**
 * A stream out of an exec that only calls back. What it can't know: that the program has closed its stdout while it
 * still runs. The stream ends when the program does.
 */
export function streamOverExec(exec: GuestExec, options: StreamOverExecOptions = {}): GuestExecStream {
  const { maxUnreadBytes = 16 * 1024 * 1024 } = options;
  return ([program = "", ...args], { signal }) => {
    signal.throwIfAborted();
    const stdin = new PassThrough();
    const cancel = new AbortController();
    let said = Buffer.alloc(0);
    const stream = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _, done) => {
        if (stdin.write(chunk)) done();
        else stdin.once("drain", done);
      },
      final: (done) => stdin.end(done),
      destroy: (error, done) => {
        signal.removeEventListener("abort", aborted);
        stdin.destroy();
        cancel.abort(error ?? new Error("the stream was closed"));
        done(error);
      },
    });
    const aborted = (): void => void stream.destroy(signal.reason as Error);
    signal.addEventListener("abort", aborted, { once: true });
    const broken = (what: string, cause?: unknown): void => {
      const tail = said.toString().trim();
      const text = `${program} in the guest ${what}${tail === "" ? "" : `: ${tail}`}`;
      stream.destroy(new RuntimeProviderError("UNAVAILABLE", text, { cause }));
    };
    const running = Promise.resolve().then(() =>
      exec([program, ...args], {
        stdin,
        stdout: (bytes) => {
          if (stream.destroyed) return;
          stream.push(Buffer.from(bytes));
          if (stream.readableLength > maxUnreadBytes)
            broken(`wrote ${maxUnreadBytes} bytes that nobody has read`);
        },
        stderr: (bytes) => {
          said = Buffer.concat([said, bytes]).subarray(-errorTailBytes);
        },
        signal: cancel.signal,
      }),
    );
    running.then(
      (ended) => {
        // What is still written finds nobody, and must not wait for anybody.
        stdin.resume();
        if (ended.how === "exit" && ended.code === 0) stream.push(null);
        else broken(`ended with ${endText(ended)}`);
      },
      (error: unknown) => broken("could not be run", error),
    );
    return Promise.resolve(stream);
  };
}
