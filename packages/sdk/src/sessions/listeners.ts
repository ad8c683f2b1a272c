import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { BackendTraits } from "./backend.js";
import type { Guest, GuestListener, Json } from "./guest.js";

/** Short: the directory before it takes most of the 107 bytes (DIAL-2). */
export const sharedSocketName = "p.sock";

/** The ports that plugins listen on, by machine: several guests may be on one. */
export class PortBook {
  readonly #taken = new Map<string, Set<number>>();

  take(machine: string, [first, last]: readonly [number, number]): number {
    const taken = this.#taken.get(machine) ?? new Set();
    for (let port = first; port <= last; port += 1) {
      if (taken.has(port)) continue;
      this.#taken.set(machine, taken.add(port));
      return port;
    }
    throw new RuntimeProviderError(
      "RESOURCE_EXHAUSTED",
      `all ports from ${first} to ${last} of the machine ${machine} are taken by plugins; widen the range, or stop sessions`,
    );
  }

  release(machine: string, port: number): void {
    const taken = this.#taken.get(machine);
    taken?.delete(port);
    if (taken?.size === 0) this.#taken.delete(machine);
  }
}

/** Chooses where a plugin listens inside its guest (PLUG-3). */
export function chooseListener(
  traits: BackendTraits,
  ports: PortBook,
  machine: string,
  guest?: Guest<Json>,
): GuestListener {
  if (guest?.shared !== undefined)
    return { type: "unix", path: join(guest.shared.inGuest, sharedSocketName) };
  const listener = traits.listener ?? { type: "unix", directory: "/tmp" };
  if (listener.type === "tcp")
    return { type: "tcp", host: listener.host, port: ports.take(machine, listener.ports) };
  return { type: "unix", path: join(listener.directory, `gst-${randomBytes(4).toString("hex")}.sock`) };
}

/** The value of GESTALT_PLUGIN_SOCKET. */
export function listenerValue(listener: GuestListener): string {
  if (listener.type === "unix") return listener.path;
  const host = listener.host.includes(":") ? `[${listener.host}]` : listener.host;
  return `tcp://${host}:${listener.port}`;
}
