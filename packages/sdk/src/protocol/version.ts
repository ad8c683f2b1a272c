/** The version of the provider protocol that this SDK speaks (LIFE-2). */
export const protocolVersion = 3;
