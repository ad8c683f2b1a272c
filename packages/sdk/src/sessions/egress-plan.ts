import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { enforcesEgress } from "../egress/policy.js";
import { relayAddress, relaysInEnvironment } from "../egress/relays.js";
import type { StartPluginRequest, StringMap } from "../provider/types.js";
import type { EgressEndpoint, EgressPlan } from "./guest.js";

type Endpoint = Omit<EgressEndpoint, "cidrs">;

/** What a plugin may reach, before names are resolved (EGR-4, EGR-5). */
export function egressEndpoints(env: StringMap, bindings: ReadonlyMap<string, string>): Endpoint[] {
  const relays = [...[...bindings.values()].flatMap(relayAddress), ...relaysInEnvironment(env)].map(
    (address): Endpoint => ({ purpose: "relay", ...address }),
  );
  const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].flatMap((name) =>
    proxyEndpoint(env[name]),
  );
  const all = new Map<string, Endpoint>();
  for (const endpoint of [...proxies, ...relays])
    all.set(`${endpoint.purpose} ${endpoint.host} ${endpoint.port}`, endpoint);
  return [...all.values()];
}

/** Puts an egress plan together and resolves its names. */
export async function egressPlan(
  request: Pick<StartPluginRequest, "allowedHosts" | "defaultAction" | "env">,
  bindings: ReadonlyMap<string, string>,
): Promise<EgressPlan> {
  const endpoints = egressEndpoints(request.env, bindings);
  const { allowedHosts, defaultAction, env } = request;
  const relayHosts = endpoints.filter(({ purpose }) => purpose === "relay").map(({ host }) => host);
  const enforce = enforcesEgress({ allowedHosts, defaultAction, requestEnv: env, relayHosts });
  const resolved = enforce
    ? await resolveEndpoints(endpoints)
    : endpoints.map((all) => ({ ...all, cidrs: [] }));
  return { enforce, allowedHosts, defaultAction, endpoints: resolved };
}

export function resolveEndpoints(endpoints: readonly Endpoint[]): Promise<EgressEndpoint[]> {
  return Promise.all(
    endpoints.map(async (endpoint) => ({ ...endpoint, cidrs: await cidrsOf(endpoint.host) })),
  );
}

/** True when both plans open the same addresses. */
export function sameEndpoints(a: readonly EgressEndpoint[], b: readonly EgressEndpoint[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

async function cidrsOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [cidr(host)];
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => cidr(address)).sort();
}

function cidr(address: string): string {
  return `${address}/${isIP(address) === 6 ? 128 : 32}`;
}

function proxyEndpoint(value: string | undefined): Endpoint[] {
  if (value === undefined || !URL.canParse(value)) return [];
  const { hostname, port, protocol } = new URL(value);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return [{ purpose: "proxy", host, port: Number(port) || (protocol === "https:" ? 443 : 80) }];
}
