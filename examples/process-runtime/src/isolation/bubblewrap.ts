import { mkdir, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  openProcessTree,
  SpawnError,
  type ProcessTree,
  type ProgramSpec,
  type StopOptions,
  type StopReport,
  type TreeProcess,
} from "@gestalt-runtime/sdk/processes";
import { closedNetwork } from "../network/closed-network.js";
import { GuestNetwork, type NetworkMaker } from "../network/guest-network.js";
import type { NetworkTools, OpenNetworkTools } from "../network/network-tools.js";
import { openNetwork } from "../network/open-network.js";
import { admit, enforce, type ConnectedNetwork } from "../network/session-network.js";
import { SessionNetworks } from "../network/session-networks.js";
import { bwrapArguments } from "./bwrap-arguments.js";
import { BwrapStatus } from "./bwrap-status.js";
import { endAlone, endBubblewrap } from "./end-bubblewrap.js";
import { checkSizes } from "./exec-limits.js";
import { hostsPath, resolverPath, type GuestFile } from "./guest-files.js";
import { openStarter, prepareGuest, type GuestPreparation } from "./guest-preparation.js";
import { layout } from "./guest-layout.js";
import { GuestProgram } from "./guest-program.js";
import { lookAt } from "./guest-mounts.js";
import { isWithin, packageFolder, unseenArguments } from "./host-root.js";
import type { WaitingStarter } from "./waiting-starter.js";
import type { Enclosure, EnclosureRequest, GuestProcess, Isolation, NetworkWish } from "./isolation.js";

/** What all guests of a provider have in common. */
export interface BubblewrapOptions {
  /** Path of bubblewrap. */
  readonly bwrap: string;
  /** What closes networks, where that can be done here. */
  readonly network: NetworkTools | undefined;
  /** What gives guests without a policy a network of their own; without it they have this machine's. */
  readonly openNetwork: OpenNetworkTools | undefined;
  /** Paths of the host that every guest may read, as the operator configured them. */
  readonly readOnlyPaths: readonly string[];
  /** The runtime's own folder: no guest sees it, also where it lies in a folder that is shown. */
  readonly stateFolder: string;
  /** Told of each tree before a program runs in it. */
  readonly onTree: (tree: ProcessTree) => Promise<void>;
}

/** Programs see the files that were chosen for them, no process but their own, and no key of anybody. */
export class BubblewrapIsolation implements Isolation {
  readonly kind = "bubblewrap";
  readonly hostServices = "shared";

  /**
   * One for all sessions: bubblewrap makes a PID namespace for each guest itself, so that only the namespace's first process has
   * to be ended when a session is stopped.
   */
  #tree: Promise<ProcessTree> | undefined;

  constructor(private readonly options: BubblewrapOptions) {}

  get closesNetworks(): boolean {
    return this.options.network !== undefined;
  }

  async open(request: EnclosureRequest): Promise<Enclosure> {
    const sockets = join(request.directory, "s");
    await mkdir(sockets, { mode: 0o700 });
    const tree = await (this.#tree ??= this.#open());
    const networks = this.#networks(tree, request.directory);
    const made = networks.prepare();
    try {
      const [prepared] = await Promise.all([prepareGuest(tree, request), made]);
      return new BubblewrapEnclosure(this.options, request, tree, sockets, prepared, networks);
    } catch (error) {
      await networks.close();
      throw error;
    }
  }

  #networks(tree: ProcessTree, directory: string): SessionNetworks {
    const { network, openNetwork: tools } = this.options;
    let count = 0;
    const maker = <T extends NetworkTools>(of: T | undefined, make: (of: T) => NetworkMaker) =>
      of && (() => GuestNetwork.open(tree, of, join(directory, `n${(count += 1)}`), make(of)));
    return new SessionNetworks({ closed: maker(network, closedNetwork), open: maker(tools, openNetwork) });
  }

  async close(): Promise<void> {
    await (await this.#tree)?.kill();
  }

  async #open(): Promise<ProcessTree> {
    const tree = await openProcessTree({ kind: "process-group" });
    try {
      await this.options.onTree(tree);
      return tree;
    } catch (error) {
      this.#tree = undefined;
      await tree.kill();
      throw error;
    }
  }
}

class BubblewrapEnclosure implements Enclosure {
  readonly shared: Enclosure["shared"];
  readonly env = { HOME: layout.home, TMPDIR: layout.temporary };
  readonly #programs = new Set<GuestProgram>();
  /** bubblewrap itself, from before it has made a guest. */
  readonly #children = new Set<TreeProcess>();
  #starter: WaitingStarter | undefined;
  #connected: ConnectedNetwork | undefined;
  #stopping: Promise<StopReport> | undefined;
  #killAt = Infinity;

  constructor(
    private readonly options: BubblewrapOptions,
    private readonly request: EnclosureRequest,
    private readonly tree: ProcessTree,
    sockets: string,
    private readonly prepared: GuestPreparation,
    private readonly networks: SessionNetworks,
  ) {
    this.shared = { onHost: sockets, inGuest: layout.sockets };
    this.#starter = this.#follow(prepared.starter);
  }

  async spawn(spec: ProgramSpec, wish?: NetworkWish): Promise<GuestProcess> {
    const [{ command, env: asked, mounts }, network, sockets] = await Promise.all([
      lookAt(spec, this.request.root, this.options.readOnlyPaths),
      this.#network(spec, wish),
      this.#sockets(),
    ]);
    const env = this.#connected?.env ?? asked;
    const args = spec.args ?? [];
    checkSizes({ command, args, env });
    if (this.request.root.path === undefined)
      for (const line of unseenArguments(args, mounts)) wish?.say(line);
    const { entries, seccomp, files } = this.prepared;
    const starter = await this.#takeStarter();
    const { child } = starter;
    if (this.#stopping !== undefined) await endBubblewrap(child);
    const [argsPipe, statusPipe, ...inputPipes] = starter.pipes;
    if (argsPipe === undefined || statusPipe === undefined) throw new Error("the guest's pipes are missing");
    const [argsAt, status, firstFree] = [4, 5, 6];
    const inputs = [...(seccomp === undefined ? [] : [seccomp]), ...files.map((file) => this.#textOf(file))];
    const shape = bwrapArguments({
      entries,
      mounts,
      hidden: mounts.some(({ inGuest }) => isWithin(this.options.stateFolder, inGuest))
        ? [this.options.stateFolder]
        : [],
      sockets,
      env,
      cwd: spec.cwd ?? packageFolder(command),
      files: files.map(({ path }, index) => ({
        path,
        descriptor: firstFree + inputs.length - files.length + index,
      })),
      descriptors: { status, seccomp: seccomp === undefined ? undefined : firstFree },
    });
    starter.become([
      ...(network?.entry ?? []),
      ...[this.options.bwrap, "--args", String(argsAt), "--", command, ...args],
    ]);
    argsPipe.end(shape.map((arg) => `${arg}\0`).join(""));
    for (const [index, input] of inputs.entries()) inputPipes[index]?.end(input);
    const program = await this.#guestOf(child, new BwrapStatus(statusPipe, child.ended), command);
    if (network !== undefined && wish !== undefined) this.#watch(network, program, wish);
    return program;
  }

  /** The network that is the program's own, with its ways out; undefined: this machine's. */
  async #network({ command, env }: ProgramSpec, wish?: NetworkWish): Promise<GuestNetwork | undefined> {
    const isClosed = wish?.egress.enforce === true;
    const network = await this.networks.take(isClosed ? "closed" : "open").catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SpawnError("failed", command, `${command} could not be started: ${why}`, { cause });
    });
    if (network === undefined || wish === undefined) return network;
    this.#connected = await (isClosed ? enforce : admit)(network, { ...wish, env });
    if (this.#stopping === undefined) return network;
    // The stop has passed by it.
    await Promise.all([this.#connected.close(), this.networks.close()]);
    throw new SpawnError("stopped", command, `${command} was not started: its session has been stopped`);
  }

  #textOf({ path, text }: GuestFile): string {
    if (path === hostsPath) return this.#connected?.hosts(text) ?? text;
    return path === resolverPath ? (this.#connected?.resolver(text) ?? text) : text;
  }

  stop({ graceMs }: StopOptions): Promise<StopReport> {
    this.#killAt = Math.min(this.#killAt, performance.now() + graceMs);
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<StopReport> {
    const running = [...this.#programs];
    const ended = await Promise.all(running.map((program) => program.terminate(() => this.#killAt)));
    const networks = this.networks.close();
    await Promise.all([...running.map((program) => program.kill()), this.#connected?.close(), networks]);
    const ofRunning = new Set(running.map(({ child }) => child));
    // Those whose guest has been killed have nothing else to take along.
    await Promise.all(
      [...this.#children].map((child) => (ofRunning.has(child) ? endAlone(child) : endBubblewrap(child))),
    );
    const rung = running.length === 0 ? "idle" : ended.every(Boolean) ? "terminated" : "killed";
    return { rung, left: running.flatMap((program) => program.left) };
  }

  /** The one that waits; a second program gets one of its own. */
  async #takeStarter(): Promise<WaitingStarter> {
    const starter = this.#starter;
    this.#starter = undefined;
    return starter ?? this.#follow(await openStarter(this.tree, this.request));
  }

  #follow(starter: WaitingStarter): WaitingStarter {
    const { child } = starter;
    this.#children.add(child);
    void child.ended.then(() => this.#children.delete(child));
    return starter;
  }

  async #guestOf(child: TreeProcess, status: BwrapStatus, command: string): Promise<GuestProgram> {
    const first = await status.first;
    if (first === undefined) {
      const said = await saidBy(child);
      throw new SpawnError("failed", command, `${command} could not be started: ${said}`);
    }
    const program = new GuestProgram(child, first, status);
    this.#programs.add(program);
    // Its first process is collected by bubblewrap; what it leads is gone then.
    void program.gone.then(() => this.#programs.delete(program));
    return program;
  }

  /** Without its way out a plugin would run on in vain: its end is seen, and its session can be started again. */
  #watch(network: GuestNetwork, program: GuestProgram, { say }: NetworkWish): void {
    void network.broken.then(() => {
      if (this.#stopping !== undefined) return;
      say(
        `the network helper (${network.helper}) of this session has ended: the plugin is ended too, since it reaches nothing any more`,
      );
      void program.kill();
    });
  }

  /** What stands for the host's services: made before the program is started, and nothing for it to change. */
  async #sockets(): Promise<Map<string, string>> {
    const names = await readdir(this.shared.onHost);
    return new Map(names.map((name) => [basename(name), join(this.shared.onHost, name)]));
  }
}

/** bubblewrap's own words; the program has said nothing yet. */
async function saidBy(child: TreeProcess): Promise<string> {
  const chunks: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdout.resume();
  await child.drained;
  const said = Buffer.concat(chunks).toString().trim();
  return said === "" ? "bubblewrap ended without a word" : said;
}
