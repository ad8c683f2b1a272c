import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import type { LaunchedProgram, Launcher } from "../sandbox/index.js";
import { HostError } from "./host-error.js";
import { OutputBuffer } from "./output-buffer.js";
import type { ProviderProgram } from "./provider-program.js";

/** How a process ended: an exit code, or the signal that ended it. */
export interface ProcessEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** Null where it exited. */
  readonly signal: NodeJS.Signals | null;
}

/** How a provider's shutdown went (PROC-6). */
export interface ShutdownReport extends ProcessEnd {
  /** Whether SIGTERM was not enough. */
  readonly killed: boolean;
  /** From the first signal to the end of the process. */
  readonly tookMs: number;
}

export interface ProviderProcessOptions {
  /** Absolute path of the executable. */
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly maxOutputBytes: number;
  /** How it is started. Default: plainly, in the host's own process group. */
  readonly launch?: Launcher | undefined;
  readonly onOutput?: ((chunk: Buffer, stream: "stdout" | "stderr") => void) | undefined;
  readonly onSignal?: (signal: NodeJS.Signals) => void;
  readonly onExit?: (end: ProcessEnd) => void;
}

/** How long output is still read after the process ended, for one whose children keep the pipe open. */
const drainMs = 200;

/**
 * A provider's process, spawned as gestaltd does it: stdin `/dev/null`, exactly the environment given, in the
 * host's own process group (PROC-4, PROC-5). Signals go to that one process: ending its tree is the provider's work.
 * In the host's sandbox it has a process group of its own, which signals go to (PROC-10).
 */
export class ProviderProcess implements ProviderProgram {
  /** The host started it, and ends it. */
  readonly attached = false;
  /** Resolves when it has ended, whatever ended it. */
  readonly exited: Promise<ProcessEnd>;
  readonly #launched: LaunchedProgram;
  readonly #child: ChildProcess;
  readonly #stdout: OutputBuffer;
  readonly #stderr: OutputBuffer;
  readonly #onSignal: ((signal: NodeJS.Signals) => void) | undefined;
  #end: ProcessEnd | undefined;

  private constructor(launched: LaunchedProgram, options: ProviderProcessOptions) {
    const { child } = launched;
    this.#launched = launched;
    this.#child = child;
    this.#onSignal = options.onSignal;
    this.#stdout = new OutputBuffer(options.maxOutputBytes / 2);
    this.#stderr = new OutputBuffer(options.maxOutputBytes / 2);
    for (const stream of ["stdout", "stderr"] as const)
      child[stream]?.on("data", (chunk: Buffer) => {
        (stream === "stdout" ? this.#stdout : this.#stderr).append(chunk);
        options.onOutput?.(chunk, stream);
      });
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        const end = launched.endOf?.(code, signal) ?? { code, signal };
        const closed = new Promise((done) => child.once("close", done));
        void Promise.race([closed, delay(drainMs, undefined, { ref: false })]).then(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
          this.#end = end;
          options.onExit?.(end);
          resolve(end);
        });
      });
    });
  }

  /**
   * @internal
   * @throws {@link HostError} `spawn-failed`: no such file, not executable, arguments too long, ...
   */
  static async spawn(options: ProviderProcessOptions): Promise<ProviderProcess> {
    const { command, launch = launchPlainly } = options;
    try {
      const launched = launch(options);
      const { child } = launched;
      const process = new ProviderProcess(launched, options);
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        child.once("error", reject);
      });
      return process;
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      throw new HostError("spawn-failed", `the provider's program ${command} could not be started: ${text}`, {
        cause,
      });
    }
  }

  /** Its process id. */
  get pid(): number {
    // Set: the spawn was awaited.
    return this.#child.pid ?? 0;
  }

  /** How it ended; `undefined` while it lives. */
  get end(): ProcessEnd | undefined {
    return this.#end;
  }

  /** The newest of what it wrote to stdout. */
  get stdout(): string {
    return this.#stdout.text();
  }

  /** The newest of what it wrote to stderr. */
  get stderr(): string {
    return this.#stderr.text();
  }

  /** The last lines of stderr, the oldest of them first. */
  stderrLines(count: number): readonly string[] {
    return this.#stderr.lastLines(count);
  }

  /** Sends one signal, and does nothing once the process has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#onSignal?.(signal);
    this.#launched.signal(signal);
  }

  /** Ends it at once, without a chance to clean up. */
  async kill(): Promise<ProcessEnd> {
    this.signal("SIGKILL");
    return this.exited;
  }

  /** SIGTERM, and SIGKILL when it is still there after `graceMs` (PROC-6). */
  async terminate(graceMs: number): Promise<ShutdownReport> {
    const startedAt = performance.now();
    let killed = false;
    this.signal("SIGTERM");
    const timer = setTimeout(() => {
      killed = this.#child.exitCode === null && this.#child.signalCode === null;
      this.signal("SIGKILL");
    }, graceMs);
    const end = await this.exited;
    clearTimeout(timer);
    return { ...end, killed, tookMs: performance.now() - startedAt };
  }
}

const launchPlainly: Launcher = ({ command, args, environment, cwd }) => {
  const child = spawn(command, args, {
    cwd,
    env: { ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: false,
  });
  return { child, signal: (signal) => child.kill(signal) };
};

/** An end as people say it: `exit code 3`, `signal SIGKILL`. */
export function describeEnd({ code, signal }: ProcessEnd): string {
  return signal === null ? `exit code ${code ?? "unknown"}` : `signal ${signal}`;
}
