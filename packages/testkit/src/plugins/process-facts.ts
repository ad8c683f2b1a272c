import { readdirSync, readFileSync } from "node:fs";
import type { FixtureOperations, ProcessFacts } from "./operations.js";

type Tree = FixtureOperations["processes"]["result"];
type Seen = Tree["descendants"][number];

/**
 * This process and its descendants by the mounted /proc, which counts as the namespace counts that mounted it:
 * `process.pid` would be the PID namespace's own number.
 */
export function processTree(): Tree {
  const own = ownFacts();
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(seen)
    .filter((found) => found !== undefined);
  const descendants: Seen[] = [];
  let parents = new Set([own.pid]);
  while (parents.size > 0) {
    const children = all.filter((found) => parents.has(found.ppid));
    descendants.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return { ...own, insidePid: process.pid, insideParentPid: process.ppid, descendants };
}

export function ownFacts(): ProcessFacts {
  const found = seen("self");
  if (found === undefined) throw new Error("/proc/self/stat can't be read: is /proc mounted?");
  const { pid, ppid, pgid, sid } = found;
  return { pid, ppid, pgid, sid };
}

function seen(entry: string): Seen | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${entry}/stat`, "latin1");
  } catch {
    return undefined; // It has ended meanwhile.
  }
  // The name may hold blanks and parentheses itself: the last closing one ends it.
  const end = stat.lastIndexOf(")");
  const [state = "?", ppid, pgid, sid] = stat.slice(end + 2).split(" ");
  const [pid] = stat.split(" ", 1);
  return {
    pid: Number(pid),
    ppid: Number(ppid),
    pgid: Number(pgid),
    sid: Number(sid),
    state,
    name: stat.slice(stat.indexOf("(") + 1, end),
  };
}
