import type { ProcessEnd, ShutdownReport } from "./provider-process.js";

/** The program behind a provider as the host holds it: a process that it spawned, or one that was there already. */
export interface ProviderProgram {
  /** Its process id; 0 where the host did not start it, and so does not know it. */
  readonly pid: number;
  /** Whether somebody else started it: the host then neither sees its output nor ends it. */
  readonly attached: boolean;
  /** Resolves when it has ended, whatever ended it; or when the host has let go of it. */
  readonly exited: Promise<ProcessEnd>;
  /** How it ended; `undefined` while the host holds it. */
  readonly end: ProcessEnd | undefined;
  /** The newest of what it wrote to stdout. */
  readonly stdout: string;
  /** The newest of what it wrote to stderr. */
  readonly stderr: string;
  /** The last lines of stderr, the oldest of them first. */
  stderrLines(count: number): readonly string[];
  /** Sends one signal, and does nothing once it has ended. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it at once, without a chance to clean up. */
  kill(): Promise<ProcessEnd>;
  /** SIGTERM, and SIGKILL when it is still there after `graceMs` (PROC-6). */
  terminate(graceMs: number): Promise<ShutdownReport>;
}

/** A provider that somebody else started, under a debugger for one: the host lets go of it and never ends it. */
export class AttachedProgram implements ProviderProgram {
  readonly pid = 0;
  readonly attached = true;
  readonly stdout = "";
  readonly stderr = "";
  readonly exited: Promise<ProcessEnd>;
  #end: ProcessEnd | undefined;
  #resolve: (end: ProcessEnd) => void = () => undefined;

  /** @param onDetached told once, when the host lets go */
  constructor(private readonly onDetached: () => void) {
    this.exited = new Promise((resolve) => (this.#resolve = resolve));
  }

  get end(): ProcessEnd | undefined {
    return this.#end;
  }

  stderrLines(): readonly string[] {
    return [];
  }

  /** Does nothing: the process is somebody else's. */
  signal(): void {
    return;
  }

  /** Lets go of it. */
  kill(): Promise<ProcessEnd> {
    if (this.#end === undefined) {
      this.#end = { code: null, signal: null };
      this.onDetached();
      this.#resolve(this.#end);
    }
    return this.exited;
  }

  /** Lets go of it. */
  async terminate(): Promise<ShutdownReport> {
    return { ...(await this.kill()), killed: false, tookMs: 0 };
  }
}
