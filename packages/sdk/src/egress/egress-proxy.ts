import type { EgressProxyOptions } from "./proxy-options.js";
import { ProxyServer } from "./proxy-server.js";

/** A forward proxy that enforces one egress policy. */
export interface EgressProxy extends AsyncDisposable {
  /** Where it listens. */
  readonly address: EgressProxyAddress;
  /** Connections of clients that are open now. */
  readonly connections: number;
  /** Tunnels and upgraded connections that are open, or being opened, now. */
  readonly tunnels: number;
  /**
   * Stops listening, gives what is under way `graceMs` to end by itself (default 0), then cuts it, and resolves when all
   * connections are closed. Never rejects, and may be called again.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** A Unix socket's path, or an address and port. */
export type EgressProxyAddress =
  | {
      /** Absolute. */
      readonly path: string;
    }
  | {
      /** An address. */
      readonly host: string;
      /** The one that was chosen, where any would do. */
      readonly port: number;
    };

/**
 * Opens a forward proxy for one session: `CONNECT` and requests with an absolute URI, HTTP/1.1 and upgrades. A host
 * that the policy does not allow is answered with 403 and the reason (EGR-1, EGR-3).
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT for wrong options, FAILED_PRECONDITION where it can't listen
 */
export async function createEgressProxy(options: EgressProxyOptions): Promise<EgressProxy> {
  const server = new ProxyServer(options);
  await server.listen();
  return server;
}
