import type { Duplex } from "node:stream";
import type { DialTarget } from "../dial-target/dial-target.js";
import type { Logger } from "../provider/logger.js";

/** What {@link openBridge} needs to know. */
export interface BridgeOptions {
  /** Where the host dials. */
  readonly listen: BridgeListen;
  /** Where each of its connections leads. */
  readonly upstream: BridgeUpstream;
  /** Connections at a time; one more is closed as soon as it is accepted. Default 1,024. */
  readonly maxConnections?: number;
  /**
   * How long `upstream` may take to be reached; then the host's connection is reset. A `dial` that ignores its
   * signal is left behind, and what it brings late is destroyed. A TLS handshake has as long. Default 10,000.
   */
  readonly connectTimeoutMs?: number;
  /** How often certificate files are looked at, beside the changes that the system reports. Default 60,000. */
  readonly certificateCheckMs?: number;
  /** Takes what went wrong, each kind of fault at most once in ten seconds and counted. Default: stderr. */
  readonly logger?: Logger;
}

/** Where a bridge listens. */
export type BridgeListen = BridgeUnixListen | BridgeTcpListen | BridgeTlsListen;

/** A Unix socket: for a host on the same machine. */
export interface BridgeUnixListen {
  readonly type: "unix";
  /** Absolute, at most 107 bytes (DIAL-2). A stale socket is replaced, anything else is left alone. */
  readonly path: string;
  /** Who may connect, as the file's mode. Default `0o600`: the provider's own user. */
  readonly mode?: number;
}

/** Plaintext TCP: for a host that shares the provider's network. */
export interface BridgeTcpListen {
  readonly type: "tcp";
  /** The address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free port; {@link Bridge.target} names it. */
  readonly port?: number;
  /** What the host dials, where that is not `host`: needed with `0.0.0.0` and `::`, which cannot be dialled (DIAL-5). */
  readonly advertisedHost?: string;
}

/** TLS 1.2 or newer with ALPN `h2` (DIAL-3): for a host elsewhere. */
export interface BridgeTlsListen extends Omit<BridgeTcpListen, "type"> {
  readonly type: "tls";
  /** PEM: the certificate for the dialled host, then those that lead from it to a root. Watched for renewal. */
  readonly certificateFile: string;
  /** PEM: its private key. Watched for renewal. */
  readonly keyFile: string;
}

/**
 * Where connections lead: a dial target, as text or parsed, or a function that is called once for each connection
 * and brings a stream to the guest's listener. A stream that is not a socket frees what it holds when it is
 * destroyed, and when both its halves have ended.
 */
export type BridgeUpstream = string | DialTarget | BridgeDial;

/**
 * Reaches the guest's listener once, or names the dial target where it is now. `signal` aborts when the stream is no
 * longer wanted.
 */
export type BridgeDial = (signal: AbortSignal) => Promise<Duplex | string>;

/** A listener that the host dials, and that leads to a guest's. */
export interface Bridge extends AsyncDisposable {
  /** What StartPlugin answers with (PLUG-5): a dial target that was checked as the host would (DIAL-1, DIAL-5). */
  readonly target: string;
  /** Connections that are open now, also those whose upstream is still being dialled. */
  readonly connections: number;
  /**
   * Stops listening, removes the socket file, gives connections `graceMs` to end by themselves (default 0) and then
   * cuts them. Never takes much longer, never rejects, and may be called again.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}
