import { readFileSync, readdirSync } from "node:fs";

/** A process that stays the same one when its number is given to another. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  readonly startTicks: string;
  readonly name: string;
}

/** Every process of this machine that has not ended (Linux); one that only waits to be collected has. */
export function allProcesses(): SeenProcess[] {
  try {
    return readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry))
      .map((entry) => seen(Number(entry)))
      .filter((found) => found !== undefined);
  } catch {
    return [];
  }
}

export function stillRuns({ pid, startTicks }: SeenProcess): boolean {
  return seen(pid)?.startTicks === startTicks;
}

/** The descendants of a process, by parents: a daemon whose parent has ended is nobody's descendant. */
export function descendantsOf(pid: number): SeenProcess[] {
  const all = allProcesses();
  const tree = new Set<SeenProcess>();
  const parents = new Set([pid]);
  for (const parent of parents)
    for (const found of all)
      if (found.parent === parent && !tree.has(found)) {
        tree.add(found);
        parents.add(found.pid);
      }
  return [...tree];
}

/** The processes other than this one in whose environment a text stands. */
export function processesMarked(text: string): SeenProcess[] {
  return allProcesses().filter(
    ({ pid }) => pid !== process.pid && read(`/proc/${pid}/environ`).includes(text),
  );
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
    startTicks: fields[19] ?? "",
    name: text.slice(text.indexOf("(") + 1, end),
  };
}

/** Empty for a process that has ended meanwhile, or is another user's. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
