import { join } from "node:path";
import {
  canonicalHost,
  createEgressProxy,
  egressPolicy,
  type EgressPolicy,
  type EgressProxy,
} from "@gestalt-runtime/sdk/egress";
import type { EgressClaims } from "./tokens.js";

export interface PolicyProxiesOptions {
  /** Where their sockets lie; it must exist. */
  readonly directory: string;
  /** The host's own public name: never reached through the proxy (SUP-4). */
  readonly publicHost: string;
  readonly tunnelTimeoutMs: number;
  readonly resolve: ((host: string) => Promise<readonly string[]>) | undefined;
}

/** The proxies behind the public one: one for each policy that a token has brought, made when it comes. */
export class PolicyProxies {
  readonly #options: PolicyProxiesOptions;
  readonly #proxies = new Map<string, Promise<{ readonly proxy: EgressProxy; readonly path: string }>>();

  constructor(options: PolicyProxiesOptions) {
    this.#options = options;
  }

  /** The Unix socket of the proxy that enforces these claims' policy. */
  async pathFor({ allowedHosts, defaultAction }: EgressClaims): Promise<string> {
    const key = JSON.stringify([allowedHosts, defaultAction]);
    let made = this.#proxies.get(key);
    if (made === undefined) {
      made = this.#make({ allowedHosts, defaultAction }, this.#proxies.size);
      this.#proxies.set(key, made);
    }
    return (await made).path;
  }

  async close(): Promise<void> {
    const made = await Promise.allSettled(this.#proxies.values());
    await Promise.all(
      made.map((one) => (one.status === "fulfilled" ? one.value.proxy.close() : Promise.resolve())),
    );
  }

  async #make(
    fields: Pick<EgressClaims, "allowedHosts" | "defaultAction">,
    index: number,
  ): Promise<{ readonly proxy: EgressProxy; readonly path: string }> {
    const { directory, publicHost, tunnelTimeoutMs, resolve } = this.#options;
    const path = join(directory, `egress-${index}.sock`);
    const proxy = await createEgressProxy({
      policy: asTheHost(egressPolicy(fields), publicHost),
      listen: { path },
      limits: { tunnelTimeoutMs },
      ...(resolve === undefined ? {} : { resolve }),
    });
    return { proxy, path };
  }
}

/**
 * The policy as gestaltd means it: names alone count (EGR-1), wherever they lead, and the host's own public name is
 * refused (SUP-4). The SDK's proxy would besides look at the addresses.
 */
function asTheHost(policy: EgressPolicy, publicHost: string): EgressPolicy {
  const own = canonicalHost(publicHost);
  return {
    ...policy,
    allows: (host) => policy.allows(host) && (own === undefined || canonicalHost(withoutPort(host)) !== own),
    listsExactly: () => true,
  };
}

function withoutPort(host: string): string {
  return host.replace(/(?<=^[^:]*|\]):\d*$/, "");
}
