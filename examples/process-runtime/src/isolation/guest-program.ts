import { setTimeout as delay } from "node:timers/promises";
import type { Readable } from "node:stream";
import { isProcessAlive, type Ended, type TreeProcess } from "@gestalt-runtime/sdk/processes";
import { endOfProgram, firstChildOf, groupOf, startOf, type BwrapStatus } from "./bwrap-status.js";
import type { GuestProcess } from "./isolation.js";

/** How often a grace is looked at, which a later stop may shorten: a hundred programs may be waited for at once. */
const graceLookMs = 50;
const killLookMs = 10;
/** How long the kernel may take to end a guest whose first process it has been told to kill. */
const killWaitMs = 1_000;

/** A program in a guest of bubblewrap. */
export class GuestProgram implements GuestProcess {
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<Ended>;
  /** Resolves when bubblewrap has ended. */
  readonly gone: Promise<unknown>;
  #running = true;
  #pid: number | undefined;

  constructor(
    /** bubblewrap itself. */
    readonly child: TreeProcess,
    /** The guest's first process: all that runs in the guest ends with it. */
    private readonly first: number,
    status: BwrapStatus,
  ) {
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    const start = startOf(first);
    this.gone = child.ended.then(() => {
      this.#running = false;
      // Where somebody has killed bubblewrap, a guest that was being made does not know.
      if (start !== undefined && startOf(first) === start) signal(first, "SIGKILL");
    });
    this.ended = child.ended.then((end) => (status.exitCode === undefined ? end : endOfProgram(end)));
  }

  /** Through the guest's own files, as the kernel shows them to who may look into its processes. */
  readonly socketOnHost = (pathInGuest: string): string =>
    `/proc/${this.#program() ?? this.first}/root${pathInGuest}`;

  /** What would not go. */
  get left(): number[] {
    return this.#running || isProcessAlive(this.first) ? [this.first] : [];
  }

  /**
   * Asks the program itself to end: bubblewrap would take a signal for its own, and the program with it. Resolves with true
   * when it has ended in time.
   *
   * @param killAt until when, by `performance.now()`; looked at again and again
   */
  async terminate(killAt: () => number): Promise<boolean> {
    const pid = this.#program();
    const group = pid === undefined ? undefined : groupOf(pid);
    if (killAt() > performance.now() && group !== undefined && this.#running) {
      signal(-group, "SIGTERM");
      // A stopped process hears nothing until it goes on.
      signal(-group, "SIGCONT");
    }
    while (this.#running && killAt() > performance.now()) await Promise.race([this.gone, delay(graceLookMs)]);
    return !this.#running;
  }

  /** Ends the guest, and waits until the kernel has ended all that was in it. */
  async kill(): Promise<void> {
    const deadline = performance.now() + killWaitMs;
    if (this.#running) signal(this.first, "SIGKILL");
    while (isProcessAlive(this.first) && performance.now() < deadline) await delay(killLookMs);
  }

  #program(): number | undefined {
    return (this.#pid ??= firstChildOf(this.first));
  }
}

/** Does nothing where it has ended meanwhile. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // As said above.
  }
}
