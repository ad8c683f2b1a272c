import { setTimeout as delay } from "node:timers/promises";
import { allEnded, started } from "./child.js";
import { detect } from "./containment.js";
import type { ContainmentKind, Enclosure } from "./enclosure.js";
import { GroupEnclosure } from "./group-enclosure.js";
import { refuseInWorker } from "./main-thread.js";
import { NamespaceEnclosure } from "./namespace-enclosure.js";
import { membersOf } from "./process-groups.js";
import { signalIfThere } from "./process-info.js";
import { checkProgram, spawnErrorFrom, type ProgramSpec } from "./program-spec.js";
import { Program, type TreeProcess } from "./program.js";
import { SpawnError } from "./spawn-error.js";
import { ownTurn } from "./turns.js";

/** How to open a tree. */
export interface ProcessTreeOptions {
  /** Default: the better kind that works here, see `detectContainment`. */
  readonly kind?: ContainmentKind;
  /**
   * Milliseconds from the end of a program until its output is closed even though somebody still holds the
   * pipes, or nobody reads them. Default 500.
   */
  readonly drainMs?: number;
  /** Milliseconds that `stop` waits for what it killed to be gone. Default 1,000. */
  readonly killWaitMs?: number;
}

/** How to stop a tree. */
export interface StopOptions {
  /** Milliseconds that the programs get between SIGTERM and SIGKILL. 0: they are killed without being asked. */
  readonly graceMs: number;
}

/** What stopping a tree came to. */
export interface StopReport {
  /**
   * `idle`: no program ran any more; `terminated`: the programs and their groups ended on being asked;
   * `killed`: some had to be killed. What a program left behind outside its group is killed in each case.
   */
  readonly rung: "idle" | "terminated" | "killed";
  /**
   * The ids of processes that were still there `killWaitMs` after they had been killed: stuck in the kernel, or
   * another user's. They end when they can. Empty when all is gone.
   */
  readonly left: readonly number[];
}

/** An enclosure in which programs run, and whose closing ends all that ever ran in it (SESS-8, PROC-8). */
export interface ProcessTree extends AsyncDisposable {
  /** What holds the tree together, and so what its end is proof against. */
  readonly kind: ContainmentKind;
  /**
   * What the processes of a `process-group` tree carry as `GESTALT_RUNTIME_TREE` in their environment (Linux;
   * else undefined). Kept on disk, it lets the next start of a provider end what this one left: `killMarked`.
   */
  readonly marker: string | undefined;
  /**
   * Starts a program; several may run in one tree. Standard input is empty.
   *
   * @throws SpawnError when it can't be started, or the tree is stopped meanwhile; nothing of it is left then
   */
  spawn(program: ProgramSpec): Promise<TreeProcess>;
  /**
   * Ends all that runs in the tree: SIGTERM to the programs' groups, the grace, then SIGKILL to everything,
   * then waits until it is gone. May be called at any moment and any number of times; all calls get the same
   * report, and a later call with less grace shortens the earlier one's. Never rejects for what a process does.
   */
  stop(options: StopOptions): Promise<StopReport>;
  /** `stop` without grace. */
  kill(): Promise<StopReport>;
}

const lookMs = 10;

/**
 * Opens a tree. Close it with `stop`, `kill` or `await using`.
 *
 * @throws Error in a worker thread, or when the kind asked for can't be had here
 */
export async function openProcessTree(options: ProcessTreeOptions = {}): Promise<ProcessTree> {
  refuseInWorker("openProcessTree");
  const { kind, drainMs = 500, killWaitMs = 1_000 } = options;
  checkMs("drainMs", drainMs);
  checkMs("killWaitMs", killWaitMs);
  return new EnclosedTree(await openEnclosure(kind), drainMs, killWaitMs);
}

async function openEnclosure(kind: ContainmentKind | undefined): Promise<Enclosure> {
  if (kind === "process-group") return new GroupEnclosure();
  const { containment, namespaceTools } = await detect();
  if (namespaceTools !== undefined) return NamespaceEnclosure.open(namespaceTools);
  if (kind === undefined) return new GroupEnclosure();
  throw new Error(`a tree of kind ${kind} can't be had here: ${containment.reason ?? "unknown kind"}`);
}

class EnclosedTree implements ProcessTree {
  readonly #enclosure: Enclosure;
  readonly #drainMs: number;
  readonly #killWaitMs: number;
  readonly #programs = new Set<Program>();
  #stopped: Promise<StopReport> | undefined;
  #killAt = Infinity;

  constructor(enclosure: Enclosure, drainMs: number, killWaitMs: number) {
    this.#enclosure = enclosure;
    this.#drainMs = drainMs;
    this.#killWaitMs = killWaitMs;
  }

  get kind(): ContainmentKind {
    return this.#enclosure.kind;
  }

  get marker(): string | undefined {
    return this.#enclosure.marker;
  }

  async spawn(spec: ProgramSpec): Promise<TreeProcess> {
    this.#refuseWhenStopped(spec.command);
    const checked = await checkProgram(spec);
    await ownTurn();
    this.#refuseWhenStopped(checked.command);
    let program: Program | undefined;
    try {
      program = this.#follow(new Program(this.#enclosure.start(checked), this.#drainMs));
      await started(program.child);
      program.pid = await this.#enclosure.programOf(program.child);
      this.#refuseWhenStopped(checked.command);
      return program;
    } catch (error) {
      if (program !== undefined) this.#forget(program);
      throw await spawnErrorFrom(error, checked);
    }
  }

  stop({ graceMs }: StopOptions): Promise<StopReport> {
    checkMs("graceMs", graceMs);
    this.#killAt = Math.min(this.#killAt, performance.now() + graceMs);
    return (this.#stopped ??= this.#stop(graceMs > 0));
  }

  kill(): Promise<StopReport> {
    return this.stop({ graceMs: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #stop(ask: boolean): Promise<StopReport> {
    const running = [...this.#programs].filter((program) => program.isRunning);
    const rung = running.length === 0 ? "idle" : ask ? await this.#terminate(running) : "killed";
    const left = await this.#enclosure.end(this.#killWaitMs);
    for (const program of this.#programs) program.abandon();
    return { rung, left };
  }

  async #terminate(programs: readonly Program[]): Promise<"terminated" | "killed"> {
    const groups = programs.flatMap(({ pid }) => pid ?? []);
    for (const group of groups) {
      signalIfThere(-group, "SIGTERM");
      // A stopped process hears nothing until it goes on.
      signalIfThere(-group, "SIGCONT");
    }
    const children = programs.map(({ child }) => child);
    while (performance.now() < this.#killAt) {
      for (const child of children) this.#enclosure.wake(child);
      if (!(await allEnded(children, lookMs))) continue;
      // A program's helpers in its group may still be at work when it has ended.
      if ((await membersOf(groups)).length === 0) return "terminated";
      await delay(lookMs);
    }
    return "killed";
  }

  #follow(program: Program): Program {
    const { child } = program;
    this.#programs.add(program);
    // Failing to start is reported by `started`; a later error has no consequence but the child's end.
    child.on("error", () => undefined);
    child.once("exit", () => {
      this.#programs.delete(program);
      this.#enclosure.left(child);
    });
    return program;
  }

  #forget(program: Program): void {
    if (program.pid !== undefined && program.isRunning) signalIfThere(-program.pid, "SIGKILL");
    program.abandon();
    if (program.child.pid !== undefined) return;
    this.#programs.delete(program);
    this.#enclosure.left(program.child);
  }

  #refuseWhenStopped(command: string): void {
    if (this.#stopped === undefined) return;
    throw new SpawnError("stopped", command, `${command} was not started: its process tree has been stopped`);
  }
}

function checkMs(name: string, value: number): void {
  if (typeof value === "number" && value >= 0) return;
  throw new RangeError(`${name} is ${String(value)}: give a number of milliseconds, 0 or more`);
}
