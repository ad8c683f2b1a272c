import {
  PluginRuntimeEgressMode,
  PluginRuntimeHostServiceAccess,
  type PluginRuntimeSupport,
} from "@gestalt-runtime/sdk/protocol";
import { HostError } from "./host-error.js";
import type { EgressOptions } from "./options.js";

export interface HostingNeeds {
  readonly provider: string;
  readonly egress: EgressOptions | undefined;
  readonly baseUrl?: string | undefined;
  readonly encryptionKey?: string | undefined;
}

/** How a plugin reaches the host's services: on the host's own sockets, through its public URL, or not at all. */
export type HostServiceRoute = "direct" | "relay" | "none";

/**
 * Decides from a provider's support whether a plugin can be hosted: can it host, then host services, then egress;
 * the first failure wins (SUP-1).
 *
 * @throws {@link HostError} `cannot-host`, `no-host-service-access`, `egress-not-preserved`, or `relay-unsupported`
 */
export function checkSupport(support: PluginRuntimeSupport, needs: HostingNeeds): void {
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
  if (route === "relay")
    throw new HostError("relay-unsupported", "relayed host services are not part of this fake host yet");
}

export function hostServiceRoute(
  support: PluginRuntimeSupport,
  { baseUrl, encryptionKey }: Pick<HostingNeeds, "baseUrl" | "encryptionKey">,
): HostServiceRoute {
  if (support.hostServiceAccess === PluginRuntimeHostServiceAccess.DIRECT) return "direct";
  return canRelay(baseUrl) && encryptionKey !== undefined && encryptionKey !== "" ? "relay" : "none";
}

/** Whether a policy can only be kept by looking at host names (EGR-1). */
export function needsHostnameEgress(egress: EgressOptions | undefined): boolean {
  return (egress?.allowedHosts?.length ?? 0) > 0 || egress?.defaultAction === "deny";
}

function canRelay(baseUrl: string | undefined): boolean {
  if (baseUrl === undefined || !URL.canParse(baseUrl)) return false;
  const url = new URL(baseUrl);
  return url.protocol === "https:" && (url.pathname === "" || url.pathname === "/") && url.search === "";
}
