export { canonicalHost } from "./host.js";
export {
  egressPolicy,
  enforcesEgress,
  type EgressEnforcement,
  type EgressPolicy,
  type EgressPolicyFields,
} from "./policy.js";
export {
  enforcedEgress,
  type EnforcedEgress,
  type EnforcedEgressRequest,
  type EnforcedEnvironmentOptions,
} from "./enforced-egress.js";
export { createEgressProxy, type EgressProxy, type EgressProxyAddress } from "./egress-proxy.js";
export type {
  EgressProxyCredentials,
  EgressProxyLimits,
  EgressProxyListen,
  EgressProxyOptions,
  EgressUpstream,
} from "./proxy-options.js";
export { egressProxyEnvironment, type EgressProxyLocation } from "./proxy-environment.js";
export type { RelayAddress } from "./relays.js";
export type { EgressEvent, EgressReason } from "./refusal.js";
export { upstreamProxyUrl } from "./upstream-proxy.js";
