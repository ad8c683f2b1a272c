import { isIP } from "node:net";
import type { Duplex, Writable } from "node:stream";
import { connect as connectTls } from "node:tls";
import { formatDialTarget, parseDialTarget, type DialTarget } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { BridgeUpstream } from "./options.js";
import { connectWide } from "./wide-reads.js";

/** A stream to the guest's listener. */
export interface Upstream {
  readonly stream: Duplex;
  /** Sends all that the stream brings to `sink`; where it is missing, the stream is piped. */
  readonly forwardTo?: (sink: Writable) => void;
}

/** Reaches the guest's listener once. */
export type UpstreamDial = (signal: AbortSignal) => Promise<Upstream>;

/**
 * How to reach an upstream.
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT where it is no dial target
 */
export function upstreamDial(upstream: BridgeUpstream): UpstreamDial {
  if (typeof upstream === "function")
    return async (signal) => {
      const found = await upstream(signal);
      return typeof found === "string" ? upstreamDial(found)(signal) : { stream: found };
    };
  const text = typeof upstream === "string" ? upstream : formatDialTarget(upstream);
  const target = parseDialTarget(text, "upstream");
  return target.type === "tls" ? (signal) => dialTls(target, signal) : (signal) => dialPlain(target, signal);
}

/**
 * Dials within a time, whatever the dial does: one that ignores its signal is left behind, and the stream that it
 * brings late is destroyed.
 */
export function dialWithin(dial: UpstreamDial, timeoutMs: number, signal: AbortSignal): Promise<Upstream> {
  return new Promise((resolve, reject) => {
    const cancel = new AbortController();
    let waiting = true;
    const settle = (run: () => void): void => {
      waiting = false;
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      run();
    };
    const giveUp = (reason: Error): void =>
      settle(() => {
        cancel.abort(reason);
        reject(reason);
      });
    const aborted = (): void => giveUp(signal.reason as Error);
    const timer = setTimeout(() => {
      const text = `the upstream was not reached within ${timeoutMs} ms`;
      giveUp(new RuntimeProviderError("DEADLINE_EXCEEDED", text));
    }, timeoutMs);
    if (signal.aborted) {
      aborted();
      return;
    }
    signal.addEventListener("abort", aborted, { once: true });
    // A dial may also throw before it has given a promise.
    void Promise.resolve()
      .then(() => dial(cancel.signal))
      .then(
        (upstream) => {
          // Whoever takes the stream learns of its errors from its end.
          upstream.stream.on("error", () => undefined);
          if (waiting) settle(() => resolve(upstream));
          else upstream.stream.destroy();
        },
        (error: unknown) => {
          if (waiting) settle(() => reject(error));
        },
      );
  });
}

async function dialPlain(target: DialTarget, signal: AbortSignal): Promise<Upstream> {
  const { socket, forwardTo } = connectWide(
    target.type === "unix" ? { path: target.path } : { host: target.host, port: target.port },
  );
  await established(socket, "connect", signal);
  return { stream: socket, forwardTo };
}

async function dialTls(
  { host, port }: Exclude<DialTarget, { type: "unix" }>,
  signal: AbortSignal,
): Promise<Upstream> {
  const socket = connectTls({
    host,
    port,
    ALPNProtocols: ["h2"],
    // An address is no name that a client may ask for.
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  await established(socket, "secureConnect", signal);
  return { stream: socket };
}

function established(socket: Duplex, event: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void): void => {
      signal.removeEventListener("abort", aborted);
      socket.off("error", failed);
      run();
    };
    const failed = (error: Error): void =>
      settle(() => {
        socket.destroy();
        reject(error);
      });
    const aborted = (): void => failed(signal.reason as Error);
    socket.on("error", () => undefined);
    socket.on("error", failed);
    socket.once(event, () => settle(resolve));
    if (signal.aborted) aborted();
    else signal.addEventListener("abort", aborted, { once: true });
  });
}
