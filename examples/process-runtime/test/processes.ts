import { readdirSync, readFileSync } from "node:fs";

/** A process that stays the same one when its number is given to another. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  readonly startTicks: number;
  readonly name: string;
}

/** Every process of this machine that has not ended; one that only waits to be collected has. */
export function allProcesses(): SeenProcess[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => seen(Number(entry)))
    .filter((found) => found !== undefined);
}

export function stillRuns({ pid, startTicks }: SeenProcess): boolean {
  return seen(pid)?.startTicks === startTicks;
}

/** The given processes and all their descendants, by parents: a daemon whose parent ended is nobody's descendant. */
export function treesOf(pids: Iterable<number>): SeenProcess[] {
  const all = allProcesses();
  const roots = new Set(pids);
  const trees = new Set(all.filter(({ pid }) => roots.has(pid)));
  // The set grows while it is walked.
  for (const { pid } of trees) for (const found of all) if (found.parent === pid) trees.add(found);
  return [...trees];
}

/** The processes other than this one whose environment or command line holds a text. */
export function processesNaming(text: string): number[] {
  return allProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => pid !== process.pid)
    .filter((pid) => ["environ", "cmdline"].some((file) => read(`/proc/${pid}/${file}`).includes(text)));
}

function seen(pid: number): SeenProcess | undefined {
  const text = read(`/proc/${pid}/stat`);
  if (text === "") return undefined;
  // The name may hold blanks and brackets itself: the last closing one ends it.
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  return {
    pid,
    parent: Number(fields[1]),
    startTicks: Number(fields[19]),
    name: text.slice(text.indexOf("(") + 1, end),
  };
}

/** Empty for a process that has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
