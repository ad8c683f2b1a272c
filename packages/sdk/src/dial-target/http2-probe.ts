import { existsSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { DialTarget } from "./dial-target.js";
import { FolderWatch } from "./folder-watch.js";

/** The client's preface and an empty SETTINGS frame: what a gRPC client sends first. */
const opening = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const settingsFrame = 4;

/** What one look at a target found. */
export type Http2Answer = "http2" | "refused" | "silent" | "not-http2";

/**
 * Dials a target once and waits for an HTTP/2 server's first frame.
 *
 * `refused`: nothing accepts there; `silent`: it accepted and said nothing within `timeoutMs`;
 * `not-http2`: it answered with something else, closed, or its TLS does not negotiate `h2` (DIAL-3).
 */
export function probeHttp2(
  target: DialTarget,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Http2Answer> {
  return new Promise((resolve) => {
    const socket = dial(target);
    let accepted = false;
    let received = Buffer.alloc(0);
    const finish = (answer: Http2Answer): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      socket.destroy();
      resolve(answer);
    };
    const aborted = (): void => finish(accepted ? "silent" : "refused");
    const timer = setTimeout(aborted, timeoutMs);
    if (signal?.aborted === true) aborted();
    else signal?.addEventListener("abort", aborted, { once: true });
    socket.on("connect", () => {
      accepted = true;
      if (!(socket instanceof TLSSocket)) socket.write(opening);
    });
    socket.on("secureConnect", () => {
      // The host refuses a server that does not negotiate h2 (DIAL-3).
      if (socket instanceof TLSSocket && socket.alpnProtocol === "h2") socket.write(opening);
      else finish("not-http2");
    });
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 9) finish(received[3] === settingsFrame ? "http2" : "not-http2");
    });
    socket.on("end", () => finish(accepted ? "not-http2" : "refused"));
    socket.on("error", () => finish(accepted ? "not-http2" : "refused"));
  });
}

/** How to wait for a target. */
export interface WaitForHttp2Options {
  /** Ends the wait by rejecting with its reason. */
  readonly signal: AbortSignal;
  /**
   * Milliseconds between two looks, at first; they grow with the wait, to a twentieth of it and 100 at most: many
   * plugins may start at once. A Unix socket that appears is looked at as soon as it does. Default 10.
   */
  readonly intervalMs?: number;
  /** Milliseconds that one look waits for an answer after it connected. Default 1,000. */
  readonly answerTimeoutMs?: number;
  /** Told what each look found, for the error text of whoever gives up. */
  readonly onAnswer?: (answer: Http2Answer) => void;
}

const longestIntervalMs = 100;
/** A socket's file is there a moment before it accepts. */
const intervalAfterChangeMs = 1;

/** Resolves when the target accepts a connection and answers with HTTP/2 (PLUG-4); otherwise it waits for ever. */
export function waitForHttp2(target: DialTarget, options: WaitForHttp2Options): Promise<void> {
  const { signal, answerTimeoutMs = 1_000, onAnswer } = options;
  let pace = { begun: performance.now(), intervalMs: options.intervalMs ?? 10 };
  let timer: NodeJS.Timeout | undefined;
  return new Promise((resolve, reject) => {
    const look = (): void => {
      timer = undefined;
      folder?.begin();
      // Most looks come too early, and a connection that fails costs far more than a look at the folder.
      const answer = isMissing(target)
        ? Promise.resolve("refused" as const)
        : probeHttp2(target, answerTimeoutMs, signal);
      // What the caller's function throws ends the wait, and is nobody else's error.
      answer.then(found).catch(fail);
    };
    const found = (answer: Http2Answer): void => {
      if (signal.aborted) return;
      onAnswer?.(answer);
      if (answer === "http2") {
        end();
        resolve();
        return;
      }
      const grownMs = Math.min((performance.now() - pace.begun) / 20, longestIntervalMs);
      timer = setTimeout(look, Math.max(pace.intervalMs, grownMs));
    };
    const changed = (): void => {
      pace = { begun: performance.now(), intervalMs: intervalAfterChangeMs };
      if (timer === undefined) return;
      clearTimeout(timer);
      look();
    };
    const end = (): void => {
      clearTimeout(timer);
      folder?.close();
      signal.removeEventListener("abort", abort);
    };
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    const abort = (): void => fail(signal.reason);
    const folder = target.type === "unix" ? new FolderWatch(target.path, changed) : undefined;
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    else look();
  });
}

function isMissing(target: DialTarget): boolean {
  return target.type === "unix" && !existsSync(target.path);
}

function dial(target: DialTarget): Socket {
  if (target.type === "unix") return connectTcp({ path: target.path });
  const { host, port } = target;
  // Readiness only: the host verifies the certificate when it dials.
  if (target.type === "tls")
    return connectTls({ host, port, ALPNProtocols: ["h2"], rejectUnauthorized: false });
  return connectTcp({ host, port });
}
