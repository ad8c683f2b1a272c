/** Carries the token of a relayed call (BIND-3). */
export const relayTokenHeader = "x-gestalt-host-service-relay-token";

/** The user in the proxy's URL; what counts is the password (EGR-3). */
export const egressUser = "gestalt-egress-proxy";
