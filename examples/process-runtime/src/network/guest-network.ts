import { mkdir, rm } from "node:fs/promises";
import type { ProcessTree } from "@gestalt-runtime/sdk/processes";
import { enclosed, endInner, firstWords, startInner, type InnerProcess } from "./inner-process.js";
import { socat, untilListening } from "./listener.js";
import type { NetworkTools } from "./network-tools.js";

/** The folder of sockets, as the processes inside see it: short, and without a sign that means something to socat. */
const folderInside = "/tmp";

/** How a network namespace is made. */
export interface NetworkMaker {
  /** The program of its way out: said to the session's log when it ends. */
  readonly helper: "socat" | "pasta";
  /**
   * Starts the process that a network lives with.
   *
   * @returns with the process that is in the network, as others enter it by
   */
  start(
    tree: ProcessTree,
    folder: string,
  ): Promise<{ readonly process: InnerProcess; readonly holder: number }>;
}

/**
 * A network namespace of one guest's. Listeners can be put on its loopback interface that lead to Unix sockets of the runtime. The
 * process that it was made with holds it; when that one ends, no other network takes its place.
 */
export class GuestNetwork {
  readonly #processes: InnerProcess[];

  private constructor(
    private readonly tree: ProcessTree,
    private readonly tools: NetworkTools,
    /** Where the sockets are that listeners lead to. */
    readonly folder: string,
    /** The program of its way out. */
    readonly helper: NetworkMaker["helper"],
    process: InnerProcess,
    private readonly holder: number,
  ) {
    this.#processes = [process];
  }

  /** @param folder is made, for sockets */
  static async open(
    tree: ProcessTree,
    tools: NetworkTools,
    folder: string,
    maker: NetworkMaker,
  ): Promise<GuestNetwork> {
    await mkdir(folder, { mode: 0o700 });
    try {
      const { process, holder } = await maker.start(tree, folder);
      return new GuestNetwork(tree, tools, folder, maker.helper, process, holder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** A program with arguments that runs the program after them in this network. */
  get entry(): string[] {
    const user = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
    return [this.tools.nsenter, "--target", String(this.holder), ...user, "--net", "--"];
  }

  /** Resolves when one of its processes has ended: the way out is not whole any more. */
  get broken(): Promise<unknown> {
    return Promise.race(this.#processes.map(({ child }) => child.ended));
  }

  /** Whether an address that is not the loopback interface's can be given to it. */
  get takesAddresses(): boolean {
    return this.tools.ip !== undefined;
  }

  /** Listens at an address and port of the guest; connections come out at the socket `name` in the folder. */
  async listen(address: string, port: number, name: string, isForeign: boolean): Promise<void> {
    if (isForeign && this.tools.ip !== undefined) await this.#addAddress(this.tools.ip, address);
    const started = await startInner(this.tree, [
      ...[...this.entry, this.tools.bwrap, ...listenerEnclosure(this.folder), "--"],
      ...socat(this.tools, address, port, `${folderInside}/${name}`),
    ]);
    this.#processes.push(started);
    await untilListening(this.holder, address, port, started);
  }

  async #addAddress(ip: string, address: string): Promise<void> {
    const [command = "", ...args] = [
      ...this.entry,
      ...[ip, "address", "add", `${address}/${address.includes(":") ? 128 : 32}`, "dev", "lo"],
    ];
    const child = await this.tree.spawn({ command, args, env: {}, cwd: "/" });
    const complaint = firstWords(child);
    const end = await child.ended;
    if (end.how !== "exit" || end.code !== 0)
      throw new Error(`${address} could not be set: ${await complaint()}`);
  }

  /** Ends its processes; what is in the network stays there, and reaches nothing. */
  async close(): Promise<void> {
    for (const one of this.#processes) endInner(one);
    await Promise.all(this.#processes.map(({ child }) => child.ended));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A listener forks: in a PID namespace of their own, all end with the first. */
export function listenerEnclosure(folder: string): string[] {
  return [...enclosed(["CAP_NET_BIND_SERVICE"]), "--ro-bind", "/", "/", "--bind", folder, folderInside];
}

/** Where a listener finds a socket of the folder. */
export function insideFolder(name: string): string {
  return `${folderInside}/${name}`;
}
