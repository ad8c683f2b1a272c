import { isIP } from "node:net";
import type { RelayAddress } from "@gestalt-runtime/sdk/egress";

/** Where a relay is found inside a closed network: something listens there, and leads to it. */
export interface RelayDoor {
  readonly relay: RelayAddress;
  /** The guest's address that stands for the relay's host. */
  readonly address: string;
  /** Whether the address has to be given to the guest's loopback interface first. */
  readonly isForeign: boolean;
}

/** Names stand for addresses of the guest's own loopback from here on: 127.53.0.1 and up. */
const firstOfNames = [127, 53, 0, 1] as const;

/** Gives each relay a place: a name an address of the guest's own, one for each host; an address itself. */
export function relayDoors(relays: readonly RelayAddress[]): RelayDoor[] {
  const byName = new Map<string, string>();
  const doors = relays.map((relay) => {
    const host = relay.host.toLowerCase();
    if (isIP(host) !== 0) return { relay, address: host, isForeign: !isLoopback(host) };
    if (host === "localhost") return { relay, address: "127.0.0.1", isForeign: false };
    const known = byName.get(host) ?? nameAddress(byName.size);
    byName.set(host, known);
    return { relay, address: known, isForeign: false };
  });
  // Two spellings of one place need one door.
  return [...new Map(doors.map((door) => [`${door.address} ${door.relay.port}`, door])).values()];
}

/** The guest's `/etc/hosts`: the relays by their names, and no other host, since no other is reached but through the proxy. */
export function hostsFile(doors: readonly RelayDoor[], hostname: string): string {
  const lines = ["127.0.0.1 localhost", "::1 localhost", `127.0.0.1 ${hostname}`, ...relayLines(doors)];
  return `${[...new Set(lines)].join("\n")}\n`;
}

/** Lines of `/etc/hosts` for relays that have a name. */
export function relayLines(doors: readonly RelayDoor[]): string[] {
  const named = doors.filter(({ relay: { host } }) => isIP(host) === 0 && host.toLowerCase() !== "localhost");
  return [...new Set(named.map(({ relay, address }) => `${address} ${relay.host}`))];
}

/** Whether a relay may be on this machine's loopback interface: a name may lead to any address. */
export function mayBeOnLoopback({ relay: { host }, address }: RelayDoor): boolean {
  return isIP(host) === 0 || isLoopback(address);
}

function nameAddress(index: number): string {
  const [a, b, c, d] = firstOfNames;
  const last = c * 256 + d + index;
  return `${a}.${b}.${last >> 8}.${last & 255}`;
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}
