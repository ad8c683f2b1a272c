import { readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessTree, TreeProcess } from "@gestalt-runtime/sdk/processes";
import { BwrapStatus } from "../isolation/bwrap-status.js";
import type { NetworkTools } from "./network-tools.js";

/** Where every closed network has its proxy: an address that neither relays nor plugins choose for themselves. */
export const proxyLocation = { host: "127.52.0.1", port: 3128 } as const;

/** The folder of sockets, as the processes inside see it: short, and without a sign that means something to socat. */
const folderInside = "/tmp";
const listenTimeoutMs = 5_000;
const lookMs = 2;
/** Connections at a time of one listener; more wait. */
const maxConnections = 256;
const bufferBytes = 65_536;
/** How long a connection stays open that has ended in one direction, in seconds: as long as any. */
const halfOpenSeconds = 86_400;

/**
 * A network namespace without a way out, but for listeners on its loopback interface that lead to Unix sockets of the runtime.
 * Its first listener holds it; when that one ends, no other network takes its place.
 */
export class ClosedNetwork {
  readonly #listeners: Listener[];
  readonly #holder: number;

  private constructor(
    private readonly tree: ProcessTree,
    private readonly tools: NetworkTools,
    /** Where the sockets are that listeners lead to. */
    readonly folder: string,
    holder: Listener,
  ) {
    this.#listeners = [holder];
    this.#holder = holder.first;
  }

  /** Makes it, with a listener for the proxy that leads to the socket `proxy` in the folder. */
  static async open(tree: ProcessTree, tools: NetworkTools, folder: string): Promise<ClosedNetwork> {
    await mkdir(folder, { mode: 0o700 });
    // Its root may listen on every port and name addresses there, and is nobody outside.
    const user = process.getuid?.() === 0 ? [] : ["--unshare-user", "--uid", "0", "--gid", "0"];
    const command = [tools.bwrap, ...user, "--unshare-net", ...enclosed(folder)];
    const first = await startListener(tree, [
      ...command,
      ...listener(tools, proxyLocation.host, proxyLocation.port, "proxy"),
    ]);
    const network = new ClosedNetwork(tree, tools, folder, first);
    try {
      await network.#untilListening(proxyLocation.host, proxyLocation.port, first);
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  /** A program with arguments that runs the program after them in this network. */
  get entry(): string[] {
    const user = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
    return [this.tools.nsenter, "--target", String(this.#holder), ...user, "--net", "--"];
  }

  /** Resolves when one of the listeners has ended: the way out is not whole any more. */
  get broken(): Promise<unknown> {
    return Promise.race(this.#listeners.map(({ child }) => child.ended));
  }

  /** Whether an address that is not the loopback interface's can be given to it. */
  get takesAddresses(): boolean {
    return this.tools.ip !== undefined;
  }

  /** Listens at an address and port of the guest; connections come out at the socket `name` in the folder. */
  async listen(address: string, port: number, name: string, isForeign: boolean): Promise<void> {
    if (isForeign && this.tools.ip !== undefined) await this.#addAddress(this.tools.ip, address);
    const started = await startListener(this.tree, [
      ...[...this.entry, this.tools.bwrap, ...enclosed(this.folder)],
      ...listener(this.tools, address, port, name),
    ]);
    this.#listeners.push(started);
    await this.#untilListening(address, port, started);
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

  /** Looks into the namespace itself: a connection made for looking would be one to the proxy. */
  async #untilListening(address: string, port: number, { child, complaint }: Listener): Promise<void> {
    const deadline = performance.now() + listenTimeoutMs;
    const end = { seen: false };
    void child.ended.then(() => (end.seen = true));
    while (!isListening(this.#holder, address, port)) {
      if (end.seen) throw new Error(`socat could not listen on port ${port}: ${await complaint()}`);
      if (performance.now() > deadline)
        throw new Error(`socat did not listen on port ${port} within ${listenTimeoutMs} ms`);
      await delay(lookMs);
    }
  }

  /** Ends the listeners; what is in the network stays there, and reaches nothing. */
  async close(): Promise<void> {
    for (const { first } of this.#listeners) kill(first);
    await Promise.all(this.#listeners.map(({ child }) => child.ended));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** One socat in an enclosure of its own. */
interface Listener {
  readonly child: TreeProcess;
  /** The first process of its PID namespace: all of it ends with that one. */
  readonly first: number;
  readonly complaint: () => Promise<string>;
}

async function startListener(tree: ProcessTree, argv: readonly string[]): Promise<Listener> {
  const [command = "", ...args] = argv;
  const child = await tree.spawn({ command, args, env: {}, cwd: "/", pipes: 1 });
  const complaint = firstWords(child);
  const [pipe] = child.pipes;
  const first = pipe && (await new BwrapStatus(pipe, child.ended).first);
  if (first === undefined) throw new Error(`a network could not be made: ${await complaint()}`);
  return { child, first, complaint };
}

/** A listener forks: in a PID namespace of their own, all end with the first. */
function enclosed(folder: string): string[] {
  return [
    ...["--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session"],
    ...["--cap-drop", "ALL", "--cap-add", "CAP_NET_BIND_SERVICE"],
    ...["--ro-bind", "/", "/", "--bind", folder, folderInside, "--json-status-fd", "3", "--"],
  ];
}

function listener({ socat }: NetworkTools, address: string, port: number, name: string): string[] {
  const isV6 = address.includes(":");
  const bind = isV6 ? `[${address}]` : address;
  const options = `bind=${bind},fork,reuseaddr,backlog=128,max-children=${maxConnections}`;
  return [
    ...[socat, "-b", String(bufferBytes), "-t", String(halfOpenSeconds)],
    ...[`TCP${isV6 ? 6 : 4}-LISTEN:${port},${options}`, `UNIX-CONNECT:${folderInside}/${name}`],
  ];
}

/** Reads a helper's stderr for as long as it runs, and keeps its beginning. */
function firstWords(child: TreeProcess): () => Promise<string> {
  let text = "";
  child.stdout.resume();
  child.stderr.on("data", (chunk: Buffer) => {
    if (text.length < 1_000) text += chunk.toString();
  });
  return async () => {
    await child.drained;
    return text.trim() || "it ended without a word";
  };
}

/** State 0A is LISTEN; the second field is the local address, its bytes the last first, and the port, all in hexadecimal digits. */
function isListening(pid: number, address: string, port: number): boolean {
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, "0");
  const isV6 = address.includes(":");
  const bytes = isV6 ? [] : address.split(".").reverse();
  const local = `${bytes.map((byte) => hex(Number(byte), 2)).join("")}:${hex(port, 4)}`;
  try {
    return readFileSync(`/proc/${pid}/net/${isV6 ? "tcp6" : "tcp"}`, "latin1")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .some(([, found = "", , state]) => state === "0A" && (isV6 ? found.endsWith(local) : found === local));
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
