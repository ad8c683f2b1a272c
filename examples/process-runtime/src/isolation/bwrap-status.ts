import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import type { Ended } from "@gestalt-runtime/sdk/processes";
import { constants } from "node:os";

/** What bubblewrap tells about its guest through `--json-status-fd`. */
export class BwrapStatus {
  /** The guest's first process, as the host sees it; undefined: bubblewrap ended before it made one. */
  readonly first: Promise<number | undefined>;
  #exitCode: number | undefined;
  #text = "";

  constructor(pipe: Duplex, ended: Promise<unknown>) {
    this.first = new Promise((resolve) => {
      pipe.on("data", (chunk: Buffer) => {
        this.#text += chunk.toString();
        const lines = this.#text.split("\n");
        this.#text = lines.pop() ?? "";
        for (const line of lines) {
          const found = JSON.parse(line) as { "child-pid"?: number; "exit-code"?: number };
          if (found["child-pid"] !== undefined) resolve(found["child-pid"]);
          this.#exitCode ??= found["exit-code"];
        }
      });
      void ended.then(() => resolve(undefined));
    });
  }

  /** The code that the program ended with; undefined where it was not started, or did not end by itself. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }
}

const firstOfSignals = 128;
// Of several names for a number (SIGABRT, SIGIOT) the first is the one that people know.
const signals = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name as NodeJS.Signals]),
);

/**
 * How the program ended. bubblewrap says a signal's end as shells do, by 128 and its number, and a program that
 * ends by itself with such a code looks the same.
 */
export function endOfProgram(end: Ended): Ended {
  if (end.how !== "exit" || end.code <= firstOfSignals) return end;
  const signal = signals.get(end.code - firstOfSignals);
  return signal === undefined ? end : { how: "signal", signal };
}

/** The first child of a process with one thread: that of a guest's first process is the program. */
export function firstChildOf(pid: number): number | undefined {
  try {
    const [first = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ");
    return first.trim() === "" ? undefined : Number(first);
  } catch {
    return undefined;
  }
}

/** The process group of a process. */
export function groupOf(pid: number): number | undefined {
  const group = statOf(pid)[2];
  return group === undefined ? undefined : Number(group);
}

/** Whether a process runs no more until it is let go on, or not at all. */
export function isStopped(pid: number): boolean {
  const [state = "X"] = statOf(pid);
  return "TtZX".includes(state);
}

/** Whether a process has ended; one that only waits to be collected has. */
export function hasEnded(pid: number): boolean {
  const [state = "X"] = statOf(pid);
  return "ZX".includes(state);
}

/** When a process was started: with its number, that tells it from every other one. */
export function startOf(pid: number): string | undefined {
  return statOf(pid)[19];
}

/** The fields after the name, which may hold blanks and brackets itself. */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}
