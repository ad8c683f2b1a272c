import { lstat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { probeHttp2, type Http2Answer } from "@gestalt-runtime/sdk";
import { openChannel, type ProtocolChannel } from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";
import { HostError } from "./host-error.js";
import { describeEnd } from "./provider-process.js";
import type { ProviderProgram } from "./provider-program.js";
import type { HostTimes } from "./times.js";

export interface ProviderDialOptions {
  readonly socketPath: string;
  readonly times: HostTimes;
  /** Lines of stderr that an error quotes. */
  readonly diagnosisLines: number;
  /** Ends the wait; the process is the caller's to end. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for a provider as gestaltd does (PROC-3): looks for the socket file every 25 ms, then dials it and waits
 * for READY, 45 s in all.
 *
 * @throws {@link HostError} `exited-before-serving`, `never-listened` or `not-grpc`, with the end of its stderr
 */
export async function dialProvider(
  process: ProviderProgram,
  options: ProviderDialOptions,
): Promise<ProtocolChannel> {
  const { socketPath, times, signal } = options;
  const deadline = performance.now() + times.providerStartMs;
  const left = (): number => Math.max(1, deadline - performance.now());
  const quote = (): string => quoteStderr(process, options.diagnosisLines);

  while (!(await exists(socketPath))) {
    throwIfOver(process, signal, quote);
    if (performance.now() >= deadline)
      throw new HostError(
        "never-listened",
        `the provider did not listen on GESTALT_PLUGIN_SOCKET (${socketPath}) within ${times.providerStartMs} ms${quote()}`,
      );
    await Promise.race([delay(times.pollMs), process.exited]);
  }

  const channel = openChannel(`unix:${socketPath}`, credentials.createInsecure());
  const aborted = abortOf(signal);
  try {
    await Promise.race([
      channel.waitForReady(left()),
      process.exited.then(() => throwIfOver(process, signal, quote)),
      aborted.promise,
    ]);
    throwIfOver(process, signal, quote);
    return channel;
  } catch (error) {
    channel.close();
    if (error instanceof HostError) throw error;
    throwIfOver(process, signal, quote);
    const answer = await probeHttp2({ type: "unix", path: socketPath }, 500);
    throw new HostError(
      "not-grpc",
      `the provider's socket ${socketPath} is there, but no gRPC connection to it got ready within ` +
        `${times.providerStartMs} ms: ${answerTexts[answer]}${quote()}`,
      { cause: error },
    );
  } finally {
    aborted.release();
  }
}

const answerTexts: Record<Http2Answer, string> = {
  refused: "nothing accepts connections on it (a stale file?)",
  silent: "it accepts connections and says nothing",
  "not-http2": "it answers with something other than HTTP/2",
  http2: "it speaks HTTP/2 now, but too late",
};

function throwIfOver(process: ProviderProgram, signal: AbortSignal | undefined, quote: () => string): void {
  if (process.end !== undefined)
    throw new HostError(
      "exited-before-serving",
      `the provider exited before serving gRPC: ${describeEnd(process.end)}${quote()}`,
    );
  if (signal?.aborted === true)
    throw new HostError("stopped", "the host was told to end while the provider was starting");
}

function quoteStderr(process: ProviderProgram, count: number): string {
  if (process.attached) return "";
  const lines = process.stderrLines(count);
  if (lines.length === 0) return "; it wrote nothing to stderr";
  return `; the last of its stderr:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

function abortOf(signal: AbortSignal | undefined): { readonly promise: Promise<never>; release(): void } {
  let listener = (): void => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    listener = () => reject(new Error("aborted"));
  });
  promise.catch(() => undefined);
  signal?.addEventListener("abort", listener, { once: true });
  if (signal?.aborted === true) listener();
  return { promise, release: () => signal?.removeEventListener("abort", listener) };
}
