import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP, type AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { parseDialTarget } from "../dial-target/dial-target.js";
import { closedAddressKind, isLoopback } from "./addresses.js";
import { canonicalHost } from "./host.js";
import type { EgressProxyCredentials, EgressProxyOptions, ResolvedLimits } from "./proxy-options.js";
import { Refusal } from "./refusal.js";
import { formatAuthority, type RequestTarget } from "./request-target.js";
import { addressesOf, systemResolve } from "./resolver.js";
import { readUpstream, type UpstreamProxy } from "./upstream-proxy.js";

/** How an admitted request gets to its target. */
export type Route =
  | { readonly via: "direct"; readonly addresses: readonly string[] }
  | { readonly via: "upstream"; readonly upstream: UpstreamProxy };

/** Decides who may use the proxy, what may be reached, and which way leads there. */
export class Admission {
  /** Set once the proxy listens. */
  ownAddress: AddressInfo | undefined;
  readonly #options: EgressProxyOptions;
  readonly #limits: ResolvedLimits;
  readonly #relays: ReadonlySet<string>;
  readonly #upstream: UpstreamProxy | undefined;

  /** @throws {@link RuntimeProviderError} INVALID_ARGUMENT for a relay or an upstream that can't be read */
  constructor(options: EgressProxyOptions, limits: ResolvedLimits) {
    this.#options = options;
    this.#limits = limits;
    this.#relays = new Set((options.relays ?? []).flatMap(relayAuthority));
    this.#upstream = options.upstream === undefined ? undefined : readUpstream(options.upstream);
  }

  /** @throws {@link Refusal} `credentials` */
  checkCredentials(request: IncomingMessage): void {
    const { credentials } = this.#options;
    const given = request.headers["proxy-authorization"];
    if (credentials === undefined || (given !== undefined && matches(given, credentials))) return;
    throw new Refusal(
      "credentials",
      given === undefined
        ? "the proxy wants credentials, which its URL in the environment holds"
        : "the credentials are not this session's",
    );
  }

  /** @throws {@link Refusal} */
  async admit(target: RequestTarget, signal: AbortSignal): Promise<Route> {
    const { host, port } = target;
    const isRelay = this.#relays.has(formatAuthority(host, port));
    if (!isRelay) this.#checkPolicy(target);
    if (!isRelay && this.#upstream !== undefined) {
      // Names are the upstream's to resolve; an address means this machine's network as well as any.
      this.#checkAddresses(host, port, isIP(host) === 0 ? [] : [host]);
      return { via: "upstream", upstream: this.#upstream };
    }
    const resolve = this.#options.resolve ?? systemResolve;
    const addresses = await addressesOf(host, resolve, this.#limits.resolveTimeoutMs, signal);
    if (!isRelay) this.#checkAddresses(host, port, addresses);
    return { via: "direct", addresses };
  }

  #checkPolicy({ host, port }: RequestTarget): void {
    const { policy, allowedPorts } = this.#options;
    if (!policy.allows(host)) throw new Refusal("not-allowed", `the egress policy does not allow ${host}`);
    if (allowedPorts !== undefined && !allowedPorts.includes(port))
      throw new Refusal("port", `port ${port} of ${host} is not one of the allowed ports`);
  }

  /** All of them: a name that leads to both good and closed addresses is a trap, whichever answers first. */
  #checkAddresses(host: string, port: number, addresses: readonly string[]): void {
    for (const address of addresses) {
      if (this.#isOwn(address, port)) throw new Refusal("loop", `${host}, port ${port}, is the proxy itself`);
      const kind = closedAddressKind(address);
      if (kind !== undefined && !this.#isListed(host, address))
        throw new Refusal(
          "address",
          address === host
            ? `${host} is ${kind}, which only a policy that lists it opens`
            : `${host} leads to ${address}, ${kind}, which only a policy that lists that address opens`,
        );
    }
  }

  #isListed(host: string, address: string): boolean {
    const { policy } = this.#options;
    // This one name stands for loopback by definition.
    const isLocalhost = host === "localhost" && policy.listsExactly(host) && isLoopback(address);
    return policy.listsExactly(address) || isLocalhost;
  }

  #isOwn(text: string, port: number): boolean {
    const own = this.ownAddress;
    if (own?.port !== port) return false;
    const [address, ownAddress] = [canonicalHost(text), canonicalHost(own.address)];
    if (ownAddress !== "0.0.0.0" && ownAddress !== "::") return address === ownAddress;
    const local = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    return (
      address === undefined ||
      address === ownAddress ||
      isLoopback(address) ||
      local.some((each) => canonicalHost(each.address) === address)
    );
  }
}

function relayAuthority(text: string): string[] {
  const target = parseDialTarget(text, "relays");
  if (target.type === "unix") return [];
  return [formatAuthority(canonicalHost(target.host) ?? target.host, target.port)];
}

function matches(given: string, { username, password }: EgressProxyCredentials): boolean {
  const [, scheme = "", value = ""] = /^(\S+) +(\S+) *$/.exec(given) ?? [];
  if (scheme.toLowerCase() === "bearer") return equal(value, password);
  return scheme.toLowerCase() === "basic" && equal(decodeBasic(value), `${username}:${password}`);
}

function decodeBasic(value: string): string {
  return Buffer.from(value, "base64").toString();
}

/** In the same time, wherever they differ. */
function equal(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
