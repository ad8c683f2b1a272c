import { canonicalHost } from "./host.js";
import type { EgressPolicyFields } from "./policy.js";

/** A guest's own loopback is its own business: no proxy leads there. */
const loopback = ["localhost", "127.0.0.1", "::1"];

/**
 * The value of `NO_PROXY`: the guest's loopback, and the relays that it dials itself.
 *
 * Programs read an entry as the end of a name, some of them in the middle of a label: a relay is listed only where no other
 * host that the policy allows ends like it, or that host would be dialled directly too, into nothing. Relays that are not
 * listed go through the proxy, which leads to them as well.
 */
export function noProxyValue(
  policy: EgressPolicyFields,
  relayHosts: readonly string[],
  relays: "direct" | "proxied",
): string {
  const isRelay = new Set(relayHosts.map(canonicalHost));
  const own = loopback.filter((host) => !isRelay.has(host));
  const direct = relays === "direct" ? relayHosts.filter((host) => isUnlike(host, policy)) : [];
  // As the plugin spells it, since some programs compare letters, and as the others write it.
  const spellings = direct.flatMap((host) => [host, canonicalHost(host) ?? host]);
  return [...new Set([...own, ...spellings])].join(",");
}

function isUnlike(relay: string, { allowedHosts, defaultAction }: EgressPolicyFields): boolean {
  // All hosts may be reached.
  if (allowedHosts.length === 0) return defaultAction === "deny";
  const host = canonicalHost(relay) ?? relay;
  return allowedHosts.every((entry) => {
    const isPattern = entry.startsWith("*.");
    const name = canonicalHost(isPattern ? entry.slice(2) : entry);
    if (name === undefined || (!isPattern && name === host)) return true;
    return !name.endsWith(host) && !(isPattern && host.endsWith(`.${name}`));
  });
}
