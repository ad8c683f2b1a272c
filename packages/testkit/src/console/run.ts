import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { attachEnvironment } from "../host/index.js";
import { runBuild } from "./build.js";
import { runCommand } from "./commands.js";
import type { ConsoleEvent, Report } from "./events.js";
import { HostConsole } from "./host-console.js";
import { Interrupts } from "./interrupt.js";
import { jsonReport } from "./json.js";
import type { ConsoleOptions } from "./options.js";
import { Prompt } from "./prompt.js";
import { textReport, type TextOptions } from "./text.js";
import { Watcher } from "./watcher.js";

/** Where commands come from, and how the console tells what happens. */
export interface RunOptions extends Omit<ConsoleOptions, "tmpDir"> {
  /** Run once everything is hosted (with `watch`, each time); then the console ends, unless it is to stay. */
  readonly commands: readonly string[];
  /** Stays until it is interrupted, and takes no commands besides. */
  readonly stay: boolean;
  readonly json: boolean;
  readonly colour: TextOptions["colour"];
}

/** What the console exits with: 3 nothing was hosted; the high ones after SIGHUP, SIGINT and SIGTERM. */
export type ConsoleExitCode = 0 | 1 | 3 | 129 | 130 | 143;

/** Runs a console on this process's own streams and signals; resolves to its exit code, with nothing left behind. */
export async function runConsole(options: RunOptions): Promise<ConsoleExitCode> {
  const tmpDir = mkdtempSync(join(tmpdir(), "gst-"));
  const removeAll = (): void => rmSync(tmpDir, { recursive: true, force: true });
  process.on("exit", removeAll);
  try {
    return await new Run(options, tmpDir).run();
  } finally {
    removeAll();
    process.off("exit", removeAll);
  }
}

class Run {
  readonly #host: HostConsole;
  readonly #told: Report;
  readonly #report: Report = (event) => this.#tell(event);
  readonly #over = new AbortController();
  #building: AbortController | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #prompt: Prompt | undefined;
  #failed = false;

  constructor(
    private readonly options: RunOptions,
    tmpDir: string,
  ) {
    const write = (text: string, stream: NodeJS.WriteStream): void => {
      if (this.#prompt === undefined) stream.write(text);
      else this.#prompt.write(text);
    };
    const out = (text: string): void => write(text, process.stdout);
    const err = (text: string): void => write(text, process.stderr);
    this.#told = options.json ? jsonReport(out) : textReport({ colour: options.colour, out, err });
    this.#host = new HostConsole({ ...options, tmpDir }, this.#report);
  }

  async run(): Promise<ConsoleExitCode> {
    const { watch, provider, commands, stay, json } = this.options;
    // Whoever reads what is told may go away: that is no reason to leave a provider behind.
    process.stdout.once("error", () => interrupts.interrupt("SIGHUP"));
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
    using interrupts = new Interrupts(
      () => this.#end(),
      () => {
        this.#host.force();
        process.exit(interrupts.exitCode ?? 1);
      },
    );
    if (process.stdin.isTTY && process.stderr.isTTY && commands.length === 0 && !stay && !json)
      this.#prompt = new Prompt(this.#host, this.#report, {
        input: process.stdin,
        output: process.stderr,
        onInterrupt: () => interrupts.interrupt("SIGINT"),
      });
    await using watcher =
      watch === undefined ? undefined : Watcher.watch(watch, (files) => this.#changed(files));
    await watcher?.ready;
    if (provider.attach !== undefined)
      this.#report({
        event: "waiting",
        socket: provider.attach,
        environment: attachEnvironment(provider.attach),
      });
    let hosted = false;
    try {
      if (await this.#build()) hosted = await this.#host.start();
      if (this.#over.signal.aborted) return interrupts.exitCode ?? 1;
      if (this.#prompt !== undefined) await this.#prompt.run();
      else if (!hosted && watch === undefined) return 3;
      else if (commands.length === 0 && !stay && watch === undefined) await this.#runLines();
      else {
        if (hosted) await this.#runCommands();
        if (stay || watch !== undefined) await this.#untilOver();
      }
      return interrupts.exitCode ?? (this.#failed ? 1 : 0);
    } finally {
      this.#over.abort();
      this.#building?.abort();
      await this.#host.stop();
      await this.#work;
      this.#prompt?.close();
    }
  }

  #tell(event: ConsoleEvent): void {
    this.#told(event);
    // With nobody there to start it again, there is nothing to stay for.
    const unattended = this.#prompt === undefined && this.options.watch === undefined;
    if (event.event !== "provider-ended" || event.expected || !unattended) return;
    this.#failed = true;
    if (this.options.stay) this.#over.abort();
  }

  /** Ends whatever is under way: the start, a build, a command, the prompt. */
  #end(): void {
    this.#over.abort();
    this.#building?.abort();
    this.#prompt?.close();
    void this.#host.stop();
  }

  async #runCommands(): Promise<void> {
    for (const command of this.options.commands) {
      if (this.#over.signal.aborted) return;
      if ((await runCommand(this.#host, command, this.#report)) !== "failed") continue;
      this.#failed = true;
      return;
    }
  }

  /** Commands from a pipe or a file, one on each line. */
  async #runLines(): Promise<void> {
    const lines = createInterface({ input: process.stdin, signal: this.#over.signal });
    for await (const line of lines) {
      const outcome = await runCommand(this.#host, line, this.#report);
      if (outcome === "failed") this.#failed = true;
      if (outcome === "exit" || this.#over.signal.aborted) break;
    }
    // A pipe whose other end stays open must not hold the end up.
    process.stdin.destroy();
  }

  #untilOver(): Promise<void> {
    return new Promise((resolve) => {
      // The wait itself holds nothing open, and must.
      const timer = setInterval(() => undefined, 60_000);
      const over = (): void => {
        clearInterval(timer);
        resolve();
      };
      if (this.#over.signal.aborted) over();
      else this.#over.signal.addEventListener("abort", over, { once: true });
    });
  }

  #changed(files: readonly string[]): void {
    if (this.#over.signal.aborted) return;
    this.#report({ event: "changed", files });
    // What is being built is old already.
    this.#building?.abort();
    this.#work = this.#work.then(async () => {
      if (this.#over.signal.aborted || !(await this.#build())) return;
      if ((await this.#host.restart()) && this.#prompt === undefined) {
        this.#failed = false;
        await this.#runCommands();
      }
    });
  }

  /** Whether what is to be started is there: built now, or nobody's to build. */
  async #build(): Promise<boolean> {
    const build = this.options.watch?.build;
    if (build === undefined) return true;
    const command = build.command.join(" ");
    const building = (this.#building = new AbortController());
    if (this.#over.signal.aborted) return false;
    this.#report({ event: "build", state: "started", command });
    const end = await runBuild(
      build,
      (line, stream) => this.#report({ event: "output", provider: "build", stream, line }),
      building.signal,
    );
    if (building.signal.aborted) return false;
    this.#report({
      event: "build",
      command,
      ...(end.ok ? { state: "finished" } : { state: "failed", code: end.code }),
    });
    return end.ok;
  }
}
