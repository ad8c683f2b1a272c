import { isIP } from "node:net";
import {
  PluginRuntimeEgressMode,
  PluginRuntimeHostServiceAccess,
  type PluginRuntimeSupport,
} from "@gestalt-runtime/sdk/protocol";
import { HostError } from "./host-error.js";
import { hostTraits, type HostTraits } from "./host-version.js";
import type { EgressOptions } from "./options.js";

/** How the host's public side is known: it decides whether services can be relayed. */
export interface PublicAddress {
  readonly baseUrl: string;
  /** Of later hosts: a base URL for relays alone. */
  readonly relayBaseUrl?: string | undefined;
}

export interface HostingNeeds {
  readonly provider: string;
  readonly egress: EgressOptions | undefined;
  /** Where it has one, and a key for tokens. */
  readonly publicSide?: PublicAddress;
  /** Default: the documented host's. */
  readonly traits?: HostTraits;
}

/** How a plugin reaches the host's services: on the host's own sockets, through its public URL, or not at all. */
export type HostServiceRoute = "direct" | "relay" | "none";

/**
 * Decides from a provider's support whether a plugin can be hosted: can it host, then host services, then egress;
 * the first failure wins (SUP-1). The answer is how the plugin will reach the host's services.
 *
 * @throws {@link HostError} `cannot-host`, `no-host-service-access` or `egress-not-preserved`
 */
export function checkSupport(
  support: PluginRuntimeSupport,
  needs: HostingNeeds,
): Exclude<HostServiceRoute, "none"> {
  const provider = `the runtime provider ${JSON.stringify(needs.provider)}`;
  if (!support.canHostPlugins)
    throw new HostError("cannot-host", `${provider} says that it cannot host executable plugins (SUP-2)`);
  const route = hostServiceRoute(support, needs);
  if (route === "none")
    throw new HostError(
      "no-host-service-access",
      `${provider} gives no direct access to host services, and this host has no public URL to relay them ` +
        `(baseUrl with https and no path, and encryptionKey) (SUP-3)`,
    );
  if (needsHostnameEgress(needs.egress) && support.egressMode !== PluginRuntimeEgressMode.HOSTNAME)
    throw new HostError(
      "egress-not-preserved",
      `${provider} does not preserve the plugin's hostname-based egress policy: it advertises ` +
        `${PluginRuntimeEgressMode[support.egressMode]} (SUP-4)`,
    );
  return route;
}

export function hostServiceRoute(
  support: PluginRuntimeSupport,
  { publicSide, traits = hostTraits() }: Pick<HostingNeeds, "publicSide" | "traits">,
): HostServiceRoute {
  const { DIRECT } = PluginRuntimeHostServiceAccess;
  // From 2026-05-01 the field is reserved: every plugin is relayed.
  if (traits.bindsHostServices && support.hostServiceAccess === DIRECT) return "direct";
  return publicSide !== undefined && canRelay(publicSide, traits) ? "relay" : "none";
}

/** Whether a policy can only be kept by looking at host names (EGR-1). */
export function needsHostnameEgress(egress: EgressOptions | undefined): boolean {
  return (egress?.allowedHosts?.length ?? 0) > 0 || egress?.defaultAction === "deny";
}

function canRelay({ baseUrl, relayBaseUrl }: PublicAddress, traits: HostTraits): boolean {
  if (isBare(baseUrl, ["https:"])) return true;
  if (traits.bindsHostServices) return false;
  if (relayBaseUrl !== undefined) return isBare(relayBaseUrl, ["http:", "https:"]);
  return isBare(baseUrl, ["http:"]) && isLoopback(new URL(baseUrl).hostname);
}

function isBare(text: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search } = new URL(text);
  return schemes.includes(protocol) && (pathname === "" || pathname === "/") && search === "";
}

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
