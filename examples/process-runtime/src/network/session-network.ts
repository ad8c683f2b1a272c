import { join } from "node:path";
import { openBridge, type Bridge, type EgressPlan } from "@gestalt-runtime/sdk";
import {
  createEgressProxy,
  enforcedEgress,
  type EgressProxy,
  type EnforcedEgress,
} from "@gestalt-runtime/sdk/egress";
import { layout } from "../isolation/guest-layout.js";
import { proxyLocation } from "./closed-network.js";
import { Denials } from "./denials.js";
import type { GuestNetwork } from "./guest-network.js";
import { hostsFile, mayBeOnLoopback, relayDoors, relayLines, type RelayDoor } from "./relay-addresses.js";
import { resolverFile } from "./resolver.js";

/** What a plugin's start says about its network. */
export interface NetworkRequest {
  readonly egress: EgressPlan;
  readonly env: Readonly<Record<string, string>>;
  /** A line in the session's log. */
  readonly say: (text: string) => void;
}

/** What a network of its own changes about a plugin's start. */
export interface ConnectedNetwork {
  /** The plugin's variables; with a policy, those of its proxy in force over all others. Secret. */
  readonly env: Readonly<Record<string, string>>;
  /** The guest's `/etc/hosts`, from this machine's. */
  readonly hosts: (text: string) => string;
  /** The guest's `/etc/resolv.conf`, from this machine's. */
  readonly resolver: (text: string) => string;
  close(): Promise<void>;
}

/**
 * Opens a closed network's one way out: the session's proxy, which keeps the policy, and a door for each relay of a host service,
 * which stays reachable for programs that know of no proxy too (EGR-1 to EGR-5, SUP-4).
 */
export async function enforce(network: GuestNetwork, request: NetworkRequest): Promise<ConnectedNetwork> {
  const enforced = planOf(request);
  const denials = new Denials(request.say);
  const open: (EgressProxy | Bridge)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(open.splice(0).map((one) => one.close()));
    denials.close();
  };
  try {
    const all = relayDoors(enforced.relays);
    const doors = all.filter((door) => !door.isForeign || network.takesAddresses);
    open.push(
      await createEgressProxy({
        ...enforced.proxy,
        listen: { path: join(network.folder, "proxy") },
        onDenied: (event) => denials.add(event),
        onFailed: (event) => denials.add(event),
      }),
    );
    for (const [index, door] of doors.entries()) open.push(await openDoor(network, door, `relay-${index}`));
    const isWhole = doors.length === all.length;
    if (!isWhole)
      request.say("relays named by an address are reached through the proxy alone: install iproute2");
    return {
      env: enforced.environment({ proxy: proxyLocation, relays: isWhole ? "direct" : "proxied" }),
      hosts: () => hostsFile(doors, layout.hostname),
      resolver: (text) => text,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Puts doors for relays into an open network: for those that may be on this machine's loopback interface, which it does not reach (EGR-4). */
export async function admit(network: GuestNetwork, request: NetworkRequest): Promise<ConnectedNetwork> {
  const open: Bridge[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(open.splice(0).map((one) => one.close()));
  };
  try {
    const doors = relayDoors(planOf(request).relays).filter(mayBeOnLoopback);
    for (const [index, door] of doors.entries()) open.push(await openDoor(network, door, `relay-${index}`));
    return {
      env: request.env,
      // The first line that has a name counts.
      hosts: (text) => [...relayLines(doors), text].join("\n"),
      resolver: resolverFile,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function planOf({ egress, env }: NetworkRequest): EnforcedEgress {
  const { allowedHosts, defaultAction, endpoints } = egress;
  const plan = enforcedEgress({ allowedHosts, defaultAction, env, endpoints, enforce: true });
  if (plan === undefined) throw new Error("there is no policy to enforce");
  return plan;
}

async function openDoor(network: GuestNetwork, door: RelayDoor, name: string): Promise<Bridge> {
  const { relay, address, isForeign } = door;
  const bridge = await openBridge({
    listen: { type: "unix", path: join(network.folder, name) },
    upstream: { type: "tcp", host: relay.host, port: relay.port },
  });
  try {
    await network.listen(address, relay.port, name, isForeign);
    return bridge;
  } catch (error) {
    await bridge.close();
    throw error;
  }
}
