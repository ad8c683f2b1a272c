import { isIP } from "node:net";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { canonicalHost, canonicalHostBeforePort } from "./host.js";

/** An egress policy as StartPlugin brings it. */
export interface EgressPolicyFields {
  /** Names and addresses, and `*.suffix` patterns. */
  readonly allowedHosts: readonly string[];
  /** `"allow"`, `"deny"` or empty, which means `"allow"`; it counts while the list is empty. */
  readonly defaultAction: string;
}

/** What an egress policy means (EGR-1). */
export interface EgressPolicy {
  /**
   * Whether a host may be reached. The text may have any case and spelling, a dot at its end and a port, which
   * is ignored; what is no host at all is never allowed.
   */
  readonly allows: (host: string) => boolean;
  /** Whether the list holds this very host, as itself and not by a pattern. */
  readonly listsExactly: (host: string) => boolean;
  /** Whether host names have to be looked at to keep it: the list is not empty, or the action is `deny` (EGR-1). */
  readonly needsEnforcement: boolean;
  /** Entries of the list that no host matches, such as `*`, one with a port, or a URL: worth a warning. */
  readonly unmatchable: readonly string[];
}

/**
 * Reads an egress policy: with a non-empty list only listed hosts are reachable, with an empty one the action
 * decides (EGR-1). `*.suffix` stands for every name below the suffix, at any depth, and not for the suffix itself.
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT for an unknown action: guessing would open or close a network
 */
export function egressPolicy({ allowedHosts, defaultAction }: EgressPolicyFields): EgressPolicy {
  if (!["", "allow", "deny"].includes(defaultAction))
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      `default_action ${JSON.stringify(defaultAction)} is unknown; write "allow", "deny" or nothing`,
    );
  const exact = new Set<string>();
  const suffixes = new Set<string>();
  const unmatchable: string[] = [];
  for (const pattern of allowedHosts) {
    const isSuffix = pattern.startsWith("*.");
    const host = canonicalHost(isSuffix ? pattern.slice(2) : pattern);
    // Nothing is below an address.
    if (host === undefined || (isSuffix && isIP(host) !== 0)) unmatchable.push(pattern);
    else (isSuffix ? suffixes : exact).add(host);
  }
  const isListed = (host: string): boolean =>
    exact.has(host) || parentsOf(host).some((parent) => suffixes.has(parent));
  const needsEnforcement = allowedHosts.length > 0 || defaultAction === "deny";
  return {
    allows: (text) => {
      const host = canonicalHostBeforePort(text);
      return host !== undefined && (!needsEnforcement || isListed(host));
    },
    listsExactly: (text) => exact.has(canonicalHostBeforePort(text) ?? ""),
    needsEnforcement,
    unmatchable,
  };
}

/** `a.b.c` is below `b.c` and `c`. */
function parentsOf(name: string): string[] {
  const labels = name.split(".");
  return labels.slice(1).map((_, index) => labels.slice(index + 1).join("."));
}

/** What decides whether a policy is enforced. */
export interface EgressEnforcement extends EgressPolicyFields {
  /** The environment that StartPlugin brought. */
  readonly requestEnv: Readonly<Record<string, string>>;
  /** The hosts of the host services' relays, as bound or found in the environment; a port behind one is ignored. */
  readonly relayHosts: readonly string[];
}

const proxyVariables = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];

/**
 * Whether a runtime has to close the guest's network (EGR-5): the action is `deny`, or the request names a proxy, or the list
 * holds more than the relays' hosts, which the host adds by itself even where the operator set no policy at all.
 */
export function enforcesEgress(plugin: EgressEnforcement): boolean {
  const { allowedHosts, defaultAction, requestEnv, relayHosts } = plugin;
  // An action that nobody knows is none to open a network for.
  if (defaultAction !== "" && defaultAction !== "allow") return true;
  if (proxyVariables.some((name) => (requestEnv[name] ?? "") !== "")) return true;
  const relays = new Set(relayHosts.map(canonicalHostBeforePort));
  return allowedHosts.some((entry) => {
    const host = canonicalHost(entry);
    return host === undefined || !relays.has(host);
  });
}
