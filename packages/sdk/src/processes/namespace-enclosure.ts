import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from "node:child_process";
import { readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { allEnded, exactly, isRunning, release, stdioOf } from "./child.js";
import type { Enclosure } from "./enclosure.js";
import {
  allProcessIds,
  childrenOf,
  hasEnded,
  readStat,
  signalIfThere,
  type ProcessStat,
} from "./process-info.js";
import type { CheckedProgram } from "./program-spec.js";
import { SpawnError } from "./spawn-error.js";

/** The programs that make a PID namespace and enter it, and how they are called on this machine. */
export interface NamespaceTools {
  readonly unshare: string;
  /** nsenter, with whatever it is to be run by. */
  readonly nsenter: readonly string[];
  readonly setsid: string;
  /** The namespace's first process: a program, with arguments, that echoes its input until that ends. */
  readonly holder: readonly string[];
  /** Without privileges the namespace needs a user namespace around it. */
  readonly userNamespace: boolean;
}

const ready = "ready\n";
const openTimeoutMs = 5_000;
const enterTimeoutMs = 5_000;
const pollMs = 1;
const wakeMs = 10;
const wakeWatchMs = 500;
const maxComplaintBytes = 4_096;

/**
 * Programs run in a PID namespace (Linux). Its first process lives as long as a pipe that only this process
 * holds; when it ends, for whatever reason, the kernel kills all that is in the namespace, whatever parents
 * and sessions it has chosen (PROC-8), and only then lets the first process go: its end proves the rest's.
 */
export class NamespaceEnclosure implements Enclosure {
  readonly kind = "pid-namespace";
  readonly marker = undefined;
  readonly #tools: NamespaceTools;
  readonly #maker: ChildProcessWithoutNullStreams;
  readonly #first: ProcessStat;
  readonly #entries = new Set<ChildProcess>();
  #wakeWatch: NodeJS.Timeout | undefined;

  private constructor(tools: NamespaceTools, maker: ChildProcessWithoutNullStreams, first: ProcessStat) {
    this.#tools = tools;
    this.#maker = maker;
    this.#first = first;
  }

  /** @throws Error that says what the tools complained of */
  static async open(tools: NamespaceTools): Promise<NamespaceEnclosure> {
    const user = tools.userNamespace ? ["--user", "--map-current-user"] : [];
    const maker = spawn(tools.unshare, [...user, "--pid", "--fork", "--", ...tools.holder], {
      // A session of its own: a signal to this process's group must not cut the programs' grace.
      detached: true,
      cwd: "/",
      env: {},
      stdio: "pipe",
    });
    try {
      await holderIsReady(maker);
      const first = maker.pid === undefined ? undefined : childrenOf(maker.pid).map(readStat)[0];
      if (first === undefined)
        throw new Error("the kernel does not say which process is the namespace's first");
      release(maker);
      return new NamespaceEnclosure(tools, maker, first);
    } catch (error) {
      maker.stdin.destroy();
      maker.kill("SIGKILL");
      throw error;
    } finally {
      maker.stdout.destroy();
      maker.stderr.destroy();
    }
  }

  start(program: CheckedProgram): ChildProcess {
    const { nsenter, setsid, userNamespace } = this.#tools;
    const { command } = program;
    if (!isRunning(this.#maker))
      throw new SpawnError(
        "failed",
        command,
        `${command} could not be started: the tree's namespace has ended`,
      );
    const namespaces = `/proc/${this.#maker.pid ?? 0}/ns`;
    const user = userNamespace ? [`--user=${namespaces}/user`, "--preserve-credentials"] : [];
    // nsenter stays outside and ends as the program ends, with its very code or signal. setsid gives the
    // program a group of its own, so that a signal to the group does not reach nsenter.
    const enter = [`--pid=${namespaces}/pid_for_children`, ...user, "--", setsid, "--"];
    const [file = "", ...before] = nsenter;
    const entry = spawn(file, [...before, ...enter, command, ...program.args], {
      detached: true,
      cwd: program.cwd,
      env: exactly(program.env),
      stdio: stdioOf(program),
    });
    this.#entries.add(entry);
    this.#wakeWatch ??= setInterval(() => this.#wakeForgotten(), wakeWatchMs).unref();
    return entry;
  }

  async programOf(entry: ChildProcess): Promise<number | undefined> {
    const deadline = performance.now() + enterTimeoutMs;
    while (isRunning(entry) && entry.pid !== undefined) {
      const [pid] = childrenOf(entry.pid);
      // From the moment just before the program takes setsid's place, it leads its own group.
      if (pid !== undefined && readStat(pid)?.group === pid) return pid;
      if (performance.now() > deadline) {
        // Where there is a program, its entry ends when it has collected it.
        signalIfThere(pid ?? entry.pid, "SIGKILL");
        throw new Error(`it did not enter its namespace within ${enterTimeoutMs} ms`);
      }
      await delay(pollMs);
    }
    return undefined;
  }

  left(entry: ChildProcess): void {
    this.#entries.delete(entry);
    if (this.#entries.size > 0) return;
    clearInterval(this.#wakeWatch);
    this.#wakeWatch = undefined;
  }

  /** nsenter stops itself when its program is stopped, and then sees no end of it. */
  wake(entry: ChildProcess): void {
    if (isRunning(entry)) entry.kill("SIGCONT");
  }

  async end(timeoutMs: number): Promise<readonly number[]> {
    const deadline = performance.now() + timeoutMs;
    const children = [this.#maker, ...this.#entries];
    this.#maker.stdin.destroy();
    do {
      if (!this.#isEmpty()) signalIfThere(this.#first.pid, "SIGKILL");
      // An entry is never killed: it alone can collect its program, which the namespace's end waits for. One
      // that has not entered yet can't do so any more, and ends by itself.
      for (const child of children) this.wake(child);
      if ((await allEnded(children, wakeMs)) && this.#isEmpty()) return [];
    } while (performance.now() < deadline);
    const outside = children.filter(isRunning).flatMap(({ pid }) => pid ?? []);
    return [...outside, ...(this.#isEmpty() ? [] : this.#members())];
  }

  #isEmpty(): boolean {
    const now = readStat(this.#first.pid);
    return now === undefined || hasEnded(now) || now.startTicks !== this.#first.startTicks;
  }

  #members(): number[] {
    const namespace = namespaceOf(this.#first.pid);
    const others = allProcessIds().filter((pid) => pid !== this.#first.pid && namespaceOf(pid) === namespace);
    return [this.#first.pid, ...(namespace === undefined ? [] : others)];
  }

  #wakeForgotten(): void {
    for (const entry of this.#entries) {
      if (entry.pid === undefined || readStat(entry.pid)?.state !== "T") continue;
      const [program] = childrenOf(entry.pid);
      // Somebody let the program go on and nobody its nsenter: its end would never be seen (SESS-10).
      if (program === undefined || readStat(program)?.state !== "T") this.wake(entry);
    }
  }
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

/** Resolves when the first process has echoed a line: it is in place, and so is all before it. */
function holderIsReady(maker: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = "";
    const fail = (message: string): void => {
      clearTimeout(timer);
      reject(new Error(message));
    };
    const timer = setTimeout(
      () => fail(`making a PID namespace took longer than ${openTimeoutMs} ms`),
      openTimeoutMs,
    );
    maker.stdout.once("data", () => {
      clearTimeout(timer);
      resolve();
    });
    maker.stderr.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(0, maxComplaintBytes);
    });
    maker.once("close", (code) =>
      fail(complaint.trim() || `unshare ended with exit code ${code ?? "unknown"}`),
    );
    maker.on("error", (error) => fail(error.message));
    // It may be gone before it reads: its exit tells the story.
    maker.stdin.on("error", () => undefined);
    maker.stdin.write(ready);
  });
}
