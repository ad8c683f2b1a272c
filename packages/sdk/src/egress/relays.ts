import { parseDialTarget } from "../dial-target/dial-target.js";

/** Where a relay of a host service is reached. */
export interface RelayAddress {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/**
 * The relays among the values of an environment: a variable beside one with its token (BIND-3). Hosts from May 2026
 * name them there alone.
 */
export function relaysInEnvironment(env: Readonly<Record<string, string>>): RelayAddress[] {
  return Object.entries(env)
    .filter(([name]) => env[`${name}_TOKEN`] !== undefined)
    .flatMap(([, value]) => relayAddress(value));
}

/** Nothing for a socket of this machine, and for what is no dial target at all. */
export function relayAddress(target: string): RelayAddress[] {
  try {
    const parsed = parseDialTarget(target, "relay");
    return parsed.type === "unix" ? [] : [{ host: parsed.host, port: parsed.port }];
  } catch {
    return [];
  }
}
