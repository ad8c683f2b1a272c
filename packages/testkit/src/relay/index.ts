/**
 * The host's public side: host services relayed to those who show a token (BIND-3, HOST), and the egress proxy
 * (EGR-3). It knows sessions by what they are asked, and nothing of providers.
 */
export { HostTokens, type EgressClaims, type RelayClaims, type TokenFaults } from "./tokens.js";
export { PublicListener, type PublicListenerOptions, type RelayedCall } from "./public-listener.js";
export { relayTokenHeader } from "./headers.js";
export type { RelayedSession } from "./sessions.js";
export type { EgressOutcome } from "./egress-front.js";
export type { TlsPair } from "./protocols.js";
