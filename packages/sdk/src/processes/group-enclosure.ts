import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { allEnded, exactly, isRunning, stdioOf } from "./child.js";
import type { Enclosure } from "./enclosure.js";
import { findMarked, markerVariable, newMarker } from "./marker.js";
import { isProcessAlive, signalIfThere } from "./process-info.js";
import { membersOf } from "./process-groups.js";
import type { CheckedProgram } from "./program-spec.js";
import { watchdog } from "./watchdog.js";

const roundMs = 10;

/**
 * Programs run in process groups, and on Linux carry a marker in their environment by which whatever left its
 * group is found. A watchdog ends them when this process is killed (PROC-8).
 *
 * Out of reach: a process that left its group and cleared its environment; on macOS, where no other process's
 * environment can be read, all that left its group.
 */
export class GroupEnclosure implements Enclosure {
  readonly kind = "process-group";
  readonly marker = process.platform === "linux" ? newMarker() : undefined;
  readonly #running = new Set<ChildProcess>();
  /** Groups that may still have members: `led` while their first process runs. */
  readonly #groups = new Map<number, "led" | "orphaned">();

  constructor() {
    watchdog.hold();
  }

  start(program: CheckedProgram): ChildProcess {
    const marking = this.marker === undefined ? {} : { [markerVariable]: this.marker };
    const child = spawn(program.command, program.args, {
      detached: true,
      cwd: program.cwd,
      env: Object.assign(exactly(program.env), marking),
      stdio: stdioOf(program),
    });
    if (child.pid !== undefined) {
      this.#running.add(child);
      this.#note("led", child.pid);
    }
    return child;
  }

  programOf(child: ChildProcess): Promise<number | undefined> {
    return Promise.resolve(child.pid);
  }

  left(child: ChildProcess): void {
    this.#running.delete(child);
    if (child.pid !== undefined) this.#note(signalIfThere(-child.pid, 0) ? "orphaned" : "gone", child.pid);
  }

  wake(): void {
    // Nothing stands between this process and the program.
  }

  async end(timeoutMs: number): Promise<readonly number[]> {
    const deadline = performance.now() + timeoutMs;
    try {
      for (let clean = 0; ;) {
        const left = await this.#round();
        clean = left.length === 0 ? clean + 1 : 0;
        if (clean === 2) return [];
        if (performance.now() > deadline) return left;
        if (left.length > 0) await Promise.race([delay(roundMs), allEnded([...this.#running], roundMs)]);
      }
    } finally {
      for (const group of [...this.#groups.keys()]) this.#note("gone", group);
      watchdog.drop();
    }
  }

  /** Kills what it finds and says what that was. */
  async #round(): Promise<number[]> {
    // A process that has the number of a leader that ended is somebody else's, and so is its group.
    const groups = [...this.#groups].filter(([group, state]) => state === "led" || !isProcessAlive(group));
    for (const [group] of groups) signalIfThere(-group, "SIGKILL");
    const found = new Set(this.marker === undefined ? [] : await findMarked(this.marker));
    for (const pid of found) signalIfThere(pid, "SIGKILL");
    for (const pid of await membersOf(groups.map(([group]) => group))) found.add(pid);
    for (const child of this.#running) if (isRunning(child) && child.pid !== undefined) found.add(child.pid);
    return [...found];
  }

  #note(event: "led" | "orphaned" | "gone", group: number): void {
    if (event === "gone") this.#groups.delete(group);
    else this.#groups.set(group, event);
    watchdog.tell(event, group);
  }
}
