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
import { ClosedNetwork } from "../network/closed-network.js";
import type { NetworkTools } from "../network/network-tools.js";
import { enforce, type EnforcedNetwork } from "../network/session-network.js";
import { bwrapArguments } from "./bwrap-arguments.js";
import { BwrapStatus } from "./bwrap-status.js";
import { checkSizes } from "./exec-limits.js";
import { hostsPath } from "./guest-files.js";
import { openStarter, prepareGuest, type GuestPreparation } from "./guest-preparation.js";
import { layout } from "./guest-layout.js";
import { GuestProgram, signal } from "./guest-program.js";
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
   * One for all sessions: bubblewrap makes a PID namespace for each guest itself and takes it along when it dies, so that
   * nothing has to be looked for when a session is stopped.
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
    // Whether it is needed is known when the program is started; then there is no time for making it.
    const tools = this.options.network;
    const network = tools && ClosedNetwork.open(tree, tools, join(request.directory, "n"));
    // One that can't be made is told to those who need it.
    const isThere = network?.catch(() => undefined);
    try {
      const [prepared] = await Promise.all([prepareGuest(tree, request), isThere]);
      return new BubblewrapEnclosure(this.options, request, tree, sockets, prepared, network);
    } catch (error) {
      await (await isThere)?.close();
      throw error;
    }
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
  #enforced: EnforcedNetwork | undefined;
  #stopping: Promise<StopReport> | undefined;
  #killAt = Infinity;

  constructor(
    private readonly options: BubblewrapOptions,
    private readonly request: EnclosureRequest,
    private readonly tree: ProcessTree,
    sockets: string,
    private readonly prepared: GuestPreparation,
    private network: Promise<ClosedNetwork> | undefined,
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
    const env = this.#enforced?.env ?? asked;
    const args = spec.args ?? [];
    checkSizes({ command, args, env });
    if (this.request.root.path === undefined)
      for (const line of unseenArguments(args, mounts)) wish?.say(line);
    const { entries, seccomp, files } = this.prepared;
    const starter = await this.#takeStarter();
    const { child } = starter;
    if (this.#stopping !== undefined) await this.#end(child);
    const [argsPipe, statusPipe, ...inputPipes] = starter.pipes;
    if (argsPipe === undefined || statusPipe === undefined) throw new Error("the guest's pipes are missing");
    const [argsAt, status, firstFree] = [4, 5, 6];
    const inputs = [
      ...(seccomp === undefined ? [] : [seccomp]),
      ...files.map(({ path, text }) => (path === hostsPath ? (this.#enforced?.hosts ?? text) : text)),
    ];
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

  /** The closed network with its way out, where there is a policy. */
  async #network({ command, env }: ProgramSpec, wish?: NetworkWish): Promise<ClosedNetwork | undefined> {
    const network = await this.#closed(wish);
    if (network === undefined || wish === undefined) return undefined;
    this.#enforced = await enforce(network, { ...wish, env });
    if (this.#stopping === undefined) return network;
    // The stop has passed by it.
    await this.#enforced.close();
    throw new SpawnError("stopped", command, `${command} was not started: its session has been stopped`);
  }

  stop({ graceMs }: StopOptions): Promise<StopReport> {
    this.#killAt = Math.min(this.#killAt, performance.now() + graceMs);
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<StopReport> {
    const running = [...this.#programs];
    const ended = await Promise.all(running.map((program) => program.terminate(() => this.#killAt)));
    const network = this.network?.then((made) => made.close()).catch(() => undefined);
    await Promise.all([...running.map((program) => program.kill()), this.#enforced?.close(), network]);
    await Promise.all([...this.#children].map((child) => this.#end(child)));
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

  /** What bubblewrap has made, it takes along. */
  async #end({ pid, ended }: TreeProcess): Promise<void> {
    if (pid !== undefined) signal(pid, "SIGKILL");
    await ended;
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

  /** The session's closed network where the policy wants it; where it does not, there is no use for it. */
  async #closed(wish: NetworkWish | undefined): Promise<ClosedNetwork | undefined> {
    const network = this.network;
    if (network === undefined) return undefined;
    if (wish?.egress.enforce === true) return network;
    this.network = undefined;
    // Nobody waits for it.
    void network.then((unused) => unused.close()).catch(() => undefined);
    return undefined;
  }

  /** Without its way out a plugin would run on in vain: its end is seen, and its session can be started again. */
  #watch(network: ClosedNetwork, program: GuestProgram, { say }: NetworkWish): void {
    void network.broken.then(() => {
      if (this.#stopping !== undefined) return;
      say(
        "the network helper (socat) of this session has ended: the plugin is ended too, since it reaches nothing any more",
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
