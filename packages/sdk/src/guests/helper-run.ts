import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { Ended } from "../sessions/guest.js";
import type { GuestExec, GuestExecOptions } from "./exec.js";

/** More than any helper has to say; what comes after is not kept. */
const keptBytes = 64 * 1024;

export interface HelperRun {
  /** What is being done, for error texts: "start the program". */
  readonly what: string;
  readonly argv: readonly string[];
  readonly stdin?: GuestExecOptions["stdin"];
  /** Default: kept and returned. */
  readonly stdout?: (bytes: Uint8Array) => void;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HelperOutcome {
  readonly ended: Ended;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a helper program in a guest, within a time and until its signal aborts, whatever the exec does with either.
 *
 * @throws {@link RuntimeProviderError} DEADLINE_EXCEEDED, the signal's own reason, or what the exec threw
 */
export async function runHelper(exec: GuestExec, run: HelperRun): Promise<HelperOutcome> {
  const { what, argv, stdin, timeoutMs, signal } = run;
  signal?.throwIfAborted();
  const stdout = new Kept();
  const stderr = new Kept();
  const cancel = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let giveUp: () => void = () => undefined;
  const walkedAway = new Promise<never>((_, reject) => {
    const leave = (reason: Error): void => {
      cancel.abort(reason);
      reject(reason);
    };
    timer = setTimeout(() => {
      leave(
        new RuntimeProviderError("DEADLINE_EXCEEDED", `${what}: no answer from the guest in ${timeoutMs} ms`),
      );
    }, timeoutMs);
    giveUp = () => leave(signal?.reason as Error);
  });
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    const options: GuestExecOptions = {
      ...(stdin !== undefined && { stdin }),
      stdout: run.stdout ?? ((bytes) => stdout.add(bytes)),
      stderr: (bytes) => stderr.add(bytes),
      signal: cancel.signal,
    };
    const running = Promise.resolve().then(() => exec(argv, options));
    const ended = await Promise.race([running, walkedAway]);
    return { ended, stdout: stdout.text(), stderr: stderr.text() };
  } catch (error) {
    if (cancel.signal.aborted) throw error;
    throw RuntimeProviderError.from(error, what);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
  }
}

/** How a program ended, in words. */
export function endText(ended: Ended): string {
  if (ended.how === "exit") return `exit code ${ended.code}`;
  if (ended.how === "signal") return `signal ${ended.signal}`;
  return ended.how === "limit" ? `${ended.limit} limit: ${ended.detail}` : `vanished: ${ended.detail}`;
}

class Kept {
  #chunks: Buffer[] = [];
  #bytes = 0;

  add(bytes: Uint8Array): void {
    const room = keptBytes - this.#bytes;
    if (room <= 0) return;
    // The giver may use its buffer again.
    const copy = Buffer.from(bytes.subarray(0, room));
    this.#chunks.push(copy);
    this.#bytes += copy.length;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}
