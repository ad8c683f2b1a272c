import { BlockList, isIPv4, SocketAddress } from "node:net";
import { canonicalHost } from "./host.js";

/** Addresses that lead to the machine itself, to its cloud's credentials, or to nobody in particular. */
const closed: readonly (readonly [kind: string, subnets: readonly string[]])[] = [
  // Before link-local addresses, where some of them lie.
  [
    "a cloud's metadata service",
    [
      "169.254.169.254/32",
      "169.254.170.2/32",
      "100.100.100.200/32",
      "168.63.129.16/32",
      "192.0.0.192/32",
      "fd00:ec2::254/128",
      "fd20:ce::254/128",
    ],
  ],
  ["an unspecified address", ["0.0.0.0/8", "::/128"]],
  ["a loopback address", ["127.0.0.0/8", "::1/128"]],
  ["a link-local address", ["169.254.0.0/16", "fe80::/10"]],
  ["a multicast or broadcast address", ["224.0.0.0/4", "255.255.255.255/32", "ff00::/8"]],
];

/**
 * What an address is, where no guest may reach it: loopback, link-local, unspecified, multicast, a cloud's metadata
 * service, or one that wraps such an address (NAT64, 6to4, Teredo, ISATAP). Undefined for all others.
 */
export function closedAddressKind(text: string): string | undefined {
  const address = canonicalHost(text);
  if (address === undefined) return "no address that can be checked";
  for (const each of [address, ...(isIPv4(address) ? [] : wrappedAddresses(address))]) {
    const checked = new SocketAddress({ address: each, family: isIPv4(each) ? "ipv4" : "ipv6" });
    const kind = closedLists().find(([, list]) => list.check(checked))?.[0];
    if (kind !== undefined) return kind;
  }
  return undefined;
}

/** Whether an address is one of the machine's own loopback addresses. */
export function isLoopback(address: string): boolean {
  return closedAddressKind(address) === "a loopback address";
}

/** IPv4 addresses that gateways take out of an IPv6 address. */
function wrappedAddresses(address: string): string[] {
  const groups = groupsOf(address);
  const at = (index: number, mask = 0): string => {
    const [high = 0, low = 0] = [groups[index], groups[index + 1]].map((group = 0) => group ^ mask);
    return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
  };
  const [a, b, c, d, e, f] = groups;
  const isNat64 = a === 0x64 && b === 0xff9b;
  const isIsatap = f === 0x5efe && (e === 0 || e === 0x200);
  const isCompatible = [a, b, c, d, e, f].every((group) => group === 0);
  return [
    ...(isNat64 || isIsatap || isCompatible ? [at(6)] : []),
    ...(a === 0x2002 ? [at(1)] : []),
    // The server as it is, the client with all its bits turned.
    ...(a === 0x2001 && b === 0 ? [at(2), at(6, 0xffff)] : []),
  ];
}

/** The eight numbers of an IPv6 address in its shortest form. */
function groupsOf(address: string): number[] {
  const [before = "", after] = address.split("::");
  const read = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => parseInt(group, 16));
  const [head, tail] = [read(before), read(after ?? "")];
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

let lists: (readonly [kind: string, list: BlockList])[] | undefined;

/** Made when they are first asked for: importing does nothing. */
function closedLists(): (readonly [kind: string, list: BlockList])[] {
  lists ??= closed.map(([kind, subnets]) => [kind, listOf(subnets)]);
  return lists;
}

function listOf(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = "", prefix] = subnet.split("/");
    list.addSubnet(address, Number(prefix), isIPv4(address) ? "ipv4" : "ipv6");
  }
  return list;
}
