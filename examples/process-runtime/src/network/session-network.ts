import { join } from "node:path";
import { openBridge, type Bridge, type EgressPlan } from "@gestalt-runtime/sdk";
import { createEgressProxy, enforcedEgress, type EgressProxy } from "@gestalt-runtime/sdk/egress";
import { layout } from "../isolation/guest-layout.js";
import { proxyLocation, type ClosedNetwork } from "./closed-network.js";
import { Denials } from "./denials.js";
import { hostsFile, relayDoors, type RelayDoor } from "./relay-addresses.js";

/** What a plugin's start says about its network. */
export interface NetworkRequest {
  readonly egress: EgressPlan;
  readonly env: Readonly<Record<string, string>>;
  /** A line in the session's log. */
  readonly say: (text: string) => void;
}

/** What an enforced policy changes about a plugin's start. */
export interface EnforcedNetwork {
  /** The plugin's variables, those of the proxy in force over all others. Secret. */
  readonly env: Readonly<Record<string, string>>;
  /** The text of the guest's `/etc/hosts`. */
  readonly hosts: string;
  close(): Promise<void>;
}

/**
 * Opens a closed network's one way out: the session's proxy, which keeps the policy, and a door for each relay of a host service,
 * which stays reachable for programs that know of no proxy too (EGR-1 to EGR-5, SUP-4).
 */
export async function enforce(network: ClosedNetwork, request: NetworkRequest): Promise<EnforcedNetwork> {
  const { egress, env, say } = request;
  const { allowedHosts, defaultAction, endpoints } = egress;
  const enforced = enforcedEgress({ allowedHosts, defaultAction, env, endpoints, enforce: true });
  if (enforced === undefined) throw new Error("there is no policy to enforce");
  const denials = new Denials(say);
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
    if (!isWhole) say("relays named by an address are reached through the proxy alone: install iproute2");
    return {
      env: enforced.environment({ proxy: proxyLocation, relays: isWhole ? "direct" : "proxied" }),
      hosts: hostsFile(doors, layout.hostname),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openDoor(network: ClosedNetwork, door: RelayDoor, name: string): Promise<Bridge> {
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
