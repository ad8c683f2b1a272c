import type { Server } from "node:net";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { EgressPolicy } from "./policy.js";
import type { EgressEvent } from "./refusal.js";

/** What {@link createEgressProxy} needs to know. */
export interface EgressProxyOptions {
  /** Which hosts may be reached (EGR-1). */
  readonly policy: EgressPolicy;
  /** Default: any free port of 127.0.0.1. */
  readonly listen?: EgressProxyListen;
  /**
   * Dial targets of the host services' relays. They are reachable under any policy, wherever they lie, and never through
   * `upstream` (EGR-4, SUP-4). `unix://` targets are left out: no proxy leads there.
   */
  readonly relays?: readonly string[];
  /** The proxy to go through, as StartPlugin's environment names it (EGR-3). Default: none, origins are dialled. */
  readonly upstream?: string | EgressUpstream;
  /** What clients must send; without it everyone who reaches the listener is served. Secret. */
  readonly credentials?: EgressProxyCredentials;
  /** Beyond EGR-1: the ports that may be reached. Default: all. */
  readonly allowedPorts?: readonly number[];
  /**
   * Beyond EGR-1: with `"match"`, a `CONNECT` tunnel carries TLS for the host that was asked for and nothing else,
   * so that one listed host can't be the front of another. Default `"any"`.
   */
  readonly serverNames?: "any" | "match";
  /** Finds the addresses of a name. Default: as the system does, `/etc/hosts` included. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** PEM: certificates to trust beside the system's roots, for `https://` requests that the proxy makes itself. */
  readonly ca?: string;
  /** Default: each as its own docstring says. */
  readonly limits?: EgressProxyLimits;
  /** Told of each request that the proxy has refused. A plugin can cause any number: bound what you write. */
  readonly onDenied?: (event: EgressEvent) => void;
  /** Told of each request that was allowed and came to nothing: no such host, no answer, a broken upstream. */
  readonly onFailed?: (event: EgressEvent) => void;
}

/**
 * Where a proxy listens: a Unix socket (a stale one is replaced; mode `0o600` by default), TCP, a server that listens
 * already (one that another process has sent, for example), or a listening socket's descriptor. The last two belong
 * to the proxy from then on.
 */
export type EgressProxyListen =
  | {
      /** Absolute, and short enough for a socket (DIAL-2). */
      readonly path: string;
      /** Who may connect, as permission bits. Default `0o600`. */
      readonly mode?: number;
    }
  | {
      /** An address of this machine. Default `127.0.0.1`. */
      readonly host?: string;
      /** Default 0: any that is free. */
      readonly port?: number;
    }
  | {
      /** Listens already. */
      readonly server: Server;
    }
  | {
      /** A descriptor of this process. */
      readonly fd: number;
    };

/** A proxy to go through. */
export interface EgressUpstream {
  /** `http://` or `https://`, user and password in it where the proxy wants them. Secret. */
  readonly url: string;
  /** PEM: certificates to trust for it beside the system's roots. */
  readonly ca?: string;
}

/** Secret: what a client sends as `Proxy-Authorization`; as Basic both, as Bearer the password alone. */
export interface EgressProxyCredentials {
  /** Without a colon. */
  readonly username: string;
  /** Any text. */
  readonly password: string;
}

/** Bounds of a proxy. Past each of them one request, tunnel or connection ends; the proxy goes on. */
export interface EgressProxyLimits {
  /** Bytes of a request's or an answer's headers, names and values counted; past them 431 or 502. Default 16,384. */
  readonly maxHeaderBytes?: number;
  /** Connections of clients at a time; one more is closed at once. Default 512. */
  readonly maxConnections?: number;
  /** Tunnels and upgraded connections at a time; one more is answered with 503. Default 256. */
  readonly maxTunnels?: number;
  /** How long a client may take to send a request's headers; then 408. Default 10,000. */
  readonly headersTimeoutMs?: number;
  /** How long a client's connection may wait for its next request. Default 60,000. */
  readonly keepAliveTimeoutMs?: number;
  /** How long finding a name's addresses may take; then 504. Default 5,000. */
  readonly resolveTimeoutMs?: number;
  /** How long connecting may take, upstream and TLS included; then 504. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** How long nothing may move in a request or a tunnel; then it is cut, a request not yet answered with 504. Default 3,600,000. */
  readonly idleTimeoutMs?: number;
  /** How long a tunnel may live, busy or not. Default 0: without end. */
  readonly tunnelTimeoutMs?: number;
  /** With `serverNames: "match"`, how long a client may take to say which server it wants. Default 5,000. */
  readonly clientHelloTimeoutMs?: number;
}

/** All limits, with a value each. */
export type ResolvedLimits = Required<EgressProxyLimits>;

const defaults: ResolvedLimits = {
  maxHeaderBytes: 16_384,
  maxConnections: 512,
  maxTunnels: 256,
  headersTimeoutMs: 10_000,
  keepAliveTimeoutMs: 60_000,
  resolveTimeoutMs: 5_000,
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 3_600_000,
  tunnelTimeoutMs: 0,
  clientHelloTimeoutMs: 5_000,
};

/** The longest time that a timer keeps; past it, it fires at once. */
const maxTimerMs = 2 ** 31 - 1;

/** @throws {@link RuntimeProviderError} INVALID_ARGUMENT for a limit that limits nothing or everything */
export function resolveLimits(limits: EgressProxyLimits = {}): ResolvedLimits {
  const resolved = { ...defaults, ...limits };
  for (const [name, value] of Object.entries(resolved)) {
    const least = name === "tunnelTimeoutMs" ? 0 : 1;
    if (!Number.isInteger(value) || value < least || value > maxTimerMs)
      throw new RuntimeProviderError(
        "INVALID_ARGUMENT",
        `limits.${name} ${String(value)} is no limit; give a whole number from ${least} to ${maxTimerMs}`,
      );
  }
  return resolved;
}
