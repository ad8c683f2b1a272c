import { noProxyValue } from "./direct-hosts.js";
import { egressPolicy, enforcesEgress, type EgressPolicyFields } from "./policy.js";
import { egressProxyEnvironment, type EgressProxyLocation } from "./proxy-environment.js";
import type { EgressProxyOptions } from "./proxy-options.js";
import { relayAddress, relaysInEnvironment, type RelayAddress } from "./relays.js";
import { upstreamProxyUrl } from "./upstream-proxy.js";

/** What StartPlugin says about a plugin's network; at level 2, `PluginRequest.egress` together with its `env`. */
export interface EnforcedEgressRequest extends EgressPolicyFields {
  /** The plugin's variables: those of the request at least. Secret: tokens and a proxy's password are in it. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Dial targets of bound host services (EGR-4). `unix://` targets are left out. Relays that `env` names beside a token are
   * found there by themselves. Default: none.
   */
  readonly relays?: Iterable<string>;
  /** As `EgressPlan` lists them; those whose purpose is `"relay"` are added to `relays`. Default: none. */
  readonly endpoints?: readonly (RelayAddress & {
    /** What the address is for. */
    readonly purpose: "proxy" | "relay";
  })[];
  /** Whether the policy is enforced, where that is known already. Default: as {@link enforcesEgress} says (EGR-5). */
  readonly enforce?: boolean;
  /** PEM: certificates to trust beside Node.js's own for an `https://` proxy that `env` names. Default: none. */
  readonly ca?: string;
}

/** What it takes to enforce one plugin's egress policy. */
export interface EnforcedEgress {
  /** For {@link createEgressProxy}: the policy, the relays, and the proxy that StartPlugin's environment names (EGR-3). Secret. */
  readonly proxy: Pick<EgressProxyOptions, "policy" | "relays" | "upstream">;
  /** What must stay reachable beside the proxy, also for programs that ask no proxy (EGR-4, SUP-4). Each once. */
  readonly relays: readonly RelayAddress[];
  /** The plugin's variables with those of the session's proxy in force over all others. Secret. */
  environment(options: EnforcedEnvironmentOptions): Record<string, string>;
}

/** How a guest gets out. */
export interface EnforcedEnvironmentOptions {
  /** Where the guest finds the session's proxy. */
  readonly proxy: EgressProxyLocation;
  /**
   * How programs that heed proxy variables reach relays. `"proxied"`: through the session's proxy, which dials them directly.
   * `"direct"`: past it, by `NO_PROXY`; only where the guest has a way of its own to each of them. Default `"proxied"`.
   */
  readonly relays?: "direct" | "proxied";
}

/** What would lead a program past the session's proxy, or to another one; in lower case. */
const misleading = ["no_proxy", "no_grpc_proxy", "grpc_proxy", "all_proxy", "ftp_proxy"];

/**
 * Puts together what a runtime needs that closes a guest's network to all but a proxy: the options of that proxy, chained to the one
 * that the request names, and the plugin's environment. Undefined where there is nothing to enforce (EGR-5): the
 * network stays as it is, and so does the environment.
 *
 * ```ts
 * import { createEgressProxy, enforcedEgress } from "@gestalt-runtime/sdk/egress";
 *
 * const enforced = enforcedEgress({ allowedHosts: ["api.example.com"], defaultAction: "deny", env: {} });
 * if (enforced !== undefined) {
 *   const proxy = await createEgressProxy(enforced.proxy);
 *   if ("port" in proxy.address) console.log(enforced.environment({ proxy: proxy.address }).HTTPS_PROXY);
 * }
 * ```
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT for an unknown action
 */
export function enforcedEgress(request: EnforcedEgressRequest): EnforcedEgress | undefined {
  const { allowedHosts, defaultAction, env, ca } = request;
  const relays = relaysOf(request);
  const relayHosts = relays.map(({ host }) => host);
  const enforce =
    request.enforce ?? enforcesEgress({ allowedHosts, defaultAction, requestEnv: env, relayHosts });
  if (!enforce) return undefined;
  const url = upstreamProxyUrl(env);
  return {
    proxy: {
      policy: egressPolicy({ allowedHosts, defaultAction }),
      relays: relays.map(({ host, port }) => `tcp://${host.includes(":") ? `[${host}]` : host}:${port}`),
      ...(url !== undefined && { upstream: { url, ...(ca !== undefined && { ca }) } }),
    },
    relays,
    environment: ({ proxy, relays: way = "proxied" }) => {
      const noProxy = noProxyValue({ allowedHosts, defaultAction }, relayHosts, way);
      const rest = Object.entries(env).filter(([name]) => !misleading.includes(name.toLowerCase()));
      return {
        ...Object.fromEntries(rest),
        ...egressProxyEnvironment(proxy),
        ...(noProxy !== "" && { NO_PROXY: noProxy, no_proxy: noProxy }),
      };
    },
  };
}

function relaysOf({ env, relays = [], endpoints = [] }: EnforcedEgressRequest): RelayAddress[] {
  const listed = endpoints.filter(({ purpose }) => purpose === "relay");
  const all = [...[...relays].flatMap(relayAddress), ...listed, ...relaysInEnvironment(env)];
  return [...new Map(all.map(({ host, port }) => [`${host} ${port}`, { host, port }])).values()];
}
