import type { ChildProcess } from "node:child_process";

/** A provider's program as it is to be started. */
export interface ProgramLaunch {
  readonly command: string;
  readonly args: readonly string[];
  /** Its whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** A started program, or what leads to it. Its stdout and stderr are pipes; its stdin is `/dev/null`. */
export interface LaunchedProgram {
  readonly child: ChildProcess;
  /** Sends a signal to the program, or to its process group where it has one of its own. */
  signal(signal: NodeJS.Signals): void;
  /** The program's end, where the child's own tells it in another way. Default: the child's. */
  endOf?(code: number | null, signal: NodeJS.Signals | null): ProgramEnd;
}

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Starts a program; a fault of the start itself comes as the child's `error` event or is thrown. */
export type Launcher = (launch: ProgramLaunch) => LaunchedProgram;

/** Signals a process group, or, while the group is not there yet, its leader to be. */
export function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return;
  for (const target of [-leader, leader]) {
    try {
      process.kill(target, signal);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
