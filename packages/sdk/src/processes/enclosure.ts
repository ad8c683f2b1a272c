import type { ChildProcess } from "node:child_process";
import type { CheckedProgram } from "./program-spec.js";

/** How a tree is held together; see `detectContainment`. */
export type ContainmentKind = "pid-namespace" | "process-group";

/** What the two kinds of tree do differently; the ladder above them is one. */
export interface Enclosure {
  readonly kind: ContainmentKind;
  /** What its processes carry in their environment, where they do. */
  readonly marker: string | undefined;
  /** Starts a program and returns at once. Throws as `child_process.spawn` does. */
  start(program: CheckedProgram): ChildProcess;
  /**
   * The host's id of the started program, which leads a process group of that number; undefined where it
   * ended before it could be seen.
   */
  programOf(child: ChildProcess): Promise<number | undefined>;
  /** To be called once when a child has ended. */
  left(child: ChildProcess): void;
  /** Wakes whatever would otherwise not notice that a stopped program has ended. */
  wake(child: ChildProcess): void;
  /**
   * Kills everything that ever ran inside and waits until it is gone, no longer than the timeout. Nothing can
   * be started afterwards.
   *
   * @returns the host's ids of what would not go
   */
  end(timeoutMs: number): Promise<readonly number[]>;
}
