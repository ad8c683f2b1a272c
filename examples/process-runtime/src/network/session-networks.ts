import type { GuestNetwork } from "./guest-network.js";

/** `closed`: no way out but the session's proxy. `open`: everything is reached but this machine's own loopback. */
export type NetworkKind = "closed" | "open";

/** Makes a network; undefined where there are none of that kind, and the guest has the machine's own. */
export type NetworkMakers = Readonly<Record<NetworkKind, (() => Promise<GuestNetwork>) | undefined>>;

/**
 * A session's networks. Which is needed is known when its program is started, and then there is no time for making it: each is made
 * before, and the other one given up.
 */
export class SessionNetworks {
  readonly #made = new Map<NetworkKind, Promise<GuestNetwork>>();
  /** Those that are being given up: no start waits for them, but the end does. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(private readonly makers: NetworkMakers) {}

  /** Resolves when they are made. One that can't be is told to those who need it, who try once more. */
  async prepare(): Promise<void> {
    await Promise.allSettled([this.#make("closed"), this.#make("open")]);
  }

  /** @throws Error when it can't be made */
  async take(kind: NetworkKind): Promise<GuestNetwork | undefined> {
    const network = this.#make(kind);
    for (const other of this.#made.keys()) if (other !== kind) this.#giveUp(other);
    return network;
  }

  /** Resolves when nothing of them is left. */
  async close(): Promise<void> {
    for (const kind of this.#made.keys()) this.#giveUp(kind);
    await Promise.all(this.#leaving);
  }

  #make(kind: NetworkKind): Promise<GuestNetwork> | undefined {
    const known = this.#made.get(kind);
    if (known !== undefined) return known;
    const made = this.makers[kind]?.();
    if (made === undefined) return undefined;
    this.#made.set(kind, made);
    // Who needs it next tries again.
    made.catch(() => this.#made.get(kind) === made && this.#made.delete(kind));
    return made;
  }

  #giveUp(kind: NetworkKind): void {
    const network = this.#made.get(kind);
    this.#made.delete(kind);
    if (network === undefined) return;
    const leaving = network.then((unused) => unused.close()).catch(() => undefined);
    this.#leaving.add(leaving);
    void leaving.then(() => this.#leaving.delete(leaving));
  }
}
