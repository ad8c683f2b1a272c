import { connect, isIP, type LookupFunction, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, rootCertificates, type TLSSocket } from "node:tls";
import { Refusal } from "./refusal.js";

/** A peer that vanished without a word is noticed after about this time and the system's own retries. */
const keepAliveInitialDelay = 60_000;
/** How long one of several addresses has before the next is tried beside it. */
const attemptMs = 1_000;

/** Where to connect. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** The addresses that were found and checked: no others are dialled. */
  readonly addresses: readonly string[];
}

/**
 * Connects to the first address that answers.
 *
 * @throws {@link Refusal} `unreachable`, `timeout`; the signal's reason when it aborts
 */
export function dial({ host, port, addresses }: Endpoint, signal: AbortSignal): Promise<Socket> {
  const [first = ""] = addresses;
  const socket = connect({
    // One address is dialled as it is; several go through Node.js's own races, without a second look-up.
    ...(addresses.length === 1 ? { host: first } : { host, lookup: lookupAmong(addresses) }),
    port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: attemptMs,
  });
  return established(socket, "connect", signal).catch((error: unknown) => {
    throw signal.aborted ? error : connectFault(`${host}, port ${port},`, error);
  });
}

/**
 * Speaks TLS over a connection, as an HTTP/1.1 client.
 *
 * @throws {@link Refusal} `unreachable` where the certificate is not the host's, or no TLS is spoken
 */
export function secure(
  socket: Duplex,
  host: string,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const tls = connectTls({
    socket,
    ALPNProtocols: ["http/1.1"],
    // An address is no name that a client may ask for; its certificate is checked for it all the same.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    host,
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
  });
  return established(tls, "secureConnect", signal).catch((error: unknown) => {
    socket.destroy();
    throw signal.aborted ? error : connectFault(`TLS with ${host}`, error);
  });
}

function lookupAmong(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, callback) => {
    if (options.all === true) callback(null, all);
    else callback(null, all[0]?.address ?? "", all[0]?.family);
  };
}

function established<Stream extends Duplex>(
  stream: Stream,
  event: string,
  signal: AbortSignal,
): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void): void => {
      signal.removeEventListener("abort", aborted);
      stream.off("error", failed);
      stream.off("close", closed);
      run();
    };
    const failed = (error: Error): void =>
      settle(() => {
        stream.destroy();
        reject(error);
      });
    const closed = (): void => failed(new Error("the connection was closed"));
    const aborted = (): void => failed(signal.reason as Error);
    // Errors after this are for whoever reads or writes.
    stream.on("error", () => undefined);
    stream.on("error", failed);
    stream.once("close", closed);
    stream.once(event, () => settle(() => resolve(stream)));
    if (signal.aborted) aborted();
    else signal.addEventListener("abort", aborted, { once: true });
  });
}

function connectFault(what: string, cause: unknown): Refusal {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const why = code !== "" ? code : cause instanceof Error ? cause.message : String(cause);
  return new Refusal(code === "ETIMEDOUT" ? "timeout" : "unreachable", `${what} can't be reached (${why})`, {
    cause,
  });
}
