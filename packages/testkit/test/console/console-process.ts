import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect } from "vitest";
import { command } from "../cli/run-command.js";
import { TestDirectory, processesWith } from "../host/fixtures.js";

/** One line of `--json`. */
export type Told = Readonly<Record<string, unknown>> & { readonly event: string };

/** A `gestalt-runtime host` that runs, in a directory of its own that must be empty again at the end. */
export class ConsoleProcess implements AsyncDisposable {
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;

  private constructor(
    readonly directory: TestDirectory,
    child: ChildProcess,
  ) {
    this.#child = child;
    this.#ended = once(child, "close");
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
  }

  /** @param stdin what is written there before it is closed; `open` keeps it open */
  static async start(
    args: readonly string[],
    {
      stdin = "open",
      cwd = "/",
      env = {},
    }: { stdin?: string; cwd?: string; env?: Record<string, string> } = {},
  ): Promise<ConsoleProcess> {
    const directory = await TestDirectory.make();
    const child = spawn(process.execPath, [command, "host", ...args], {
      cwd,
      env: { PATH: process.env.PATH, HOME: directory.path, TMPDIR: directory.path, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    if (stdin !== "open") child.stdin.end(stdin);
    return new ConsoleProcess(directory, child);
  }

  /**
   * Any command of `gestalt-runtime` in a terminal: what `script` gives a program to run in.
   *
   * @param commandLine for a shell
   */
  static async inTerminal(commandLine: string, env: Record<string, string> = {}): Promise<ConsoleProcess> {
    const directory = await TestDirectory.make();
    const line = `exec ${process.execPath} ${command} ${commandLine}`;
    const child = spawn("script", ["--quiet", "--flush", "--return", "--command", line, "/dev/null"], {
      env: {
        PATH: process.env.PATH,
        HOME: directory.path,
        TMPDIR: directory.path,
        TERM: "xterm",
        SHELL: "/bin/sh",
        ...env,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    return new ConsoleProcess(directory, child);
  }

  get told(): readonly Told[] {
    const lines = this.stdout.split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Told);
  }

  /** Waits until so many events of one kind have been told, and gives the last of these. */
  async event(name: string, count = 1): Promise<Told> {
    const found = (): Told | undefined => this.told.filter(({ event }) => event === name)[count - 1];
    await expect.poll(found, { timeout: 60_000, message: `${name} ${count}: ${this.stderr}` }).toBeDefined();
    return found() ?? { event: "none" };
  }

  /** Waits until something is to be read. A line of the log may come between two letters: the prompt is drawn anew then. */
  async shows(text: string | RegExp): Promise<void> {
    await expect
      .poll(() => stripVTControlCharacters(this.stdout + this.stderr), { timeout: 60_000 })
      .toMatch(text);
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Reads nothing more of what it writes to stdout, as `head` does. */
  deafen(): void {
    this.#child.stdout?.destroy();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /**
   * Waits for its end, and proves that nothing is left of it.
   *
   * @param killed whether the provider was: this one then leaves its guests' directories
   */
  async ends({ killed = false } = {}): Promise<number | null> {
    const [code] = (await this.#ended) as [number | null];
    const own = (name: string): boolean => name === ".local" || (killed && name.startsWith("g-"));
    // What a forced end has killed may take a moment to be gone.
    await expect.poll(() => processesWith(this.directory.path), { timeout: 10_000 }).toEqual([]);
    expect((await this.directory.left()).filter((name) => !own(name))).toEqual([]);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
    await this.#ended;
    for (const pid of await processesWith(this.directory.path)) process.kill(pid, "SIGKILL");
    await this.directory[Symbol.asyncDispose]();
  }

  /** A path below its directory. */
  path(name: string): string {
    return join(this.directory.path, name);
  }
}
