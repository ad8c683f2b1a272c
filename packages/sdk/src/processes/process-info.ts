import { readFileSync, readdirSync } from "node:fs";

/** What tells one process from every other that ever had its number (Linux). */
export interface ProcessIdentity {
  /** As this process sees it. */
  readonly pid: number;
  /** Differs after every boot of the machine. */
  readonly bootId: string;
  /** When it started, in the kernel's clock ticks since boot. */
  readonly startTicks: string;
}

/** The fields of `/proc/<pid>/stat` that are used here. */
export interface ProcessStat {
  readonly pid: number;
  readonly state: string;
  readonly group: number;
  readonly startTicks: string;
}

/**
 * Whether a process with that id runs. One that has ended and only waits to be collected by its parent
 * counts as ended (Linux).
 */
export function isProcessAlive(pid: number): boolean {
  if (!signalIfThere(pid, 0)) return false;
  const stat = readStat(pid);
  return stat === undefined ? process.platform !== "linux" : !hasEnded(stat);
}

/**
 * The identity of a running process, to be kept beside its id wherever an id outlives the process: ids are
 * reused. `undefined` where there is no such process, and on systems without `/proc`.
 */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  if (stat === undefined || hasEnded(stat)) return undefined;
  try {
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return { pid, bootId, startTicks: stat.startTicks };
  } catch {
    return undefined;
  }
}

/** Sends a signal to a process, or with a negative id to a group; false where there is none that may be signalled. */
export function signalIfThere(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    // Elsewhere EPERM means that it lives and is another user's; macOS says so of a group of ended ones.
    const denied = error instanceof Error && "code" in error && error.code === "EPERM";
    return denied && (pid > 0 || process.platform === "linux");
  }
}

export function hasEnded(stat: ProcessStat): boolean {
  return stat.state === "Z" || stat.state === "X";
}

export function readStat(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's own name in brackets: it may hold spaces and brackets itself.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state = "", , group = ""] = fields;
    return { pid, state, group: Number(group), startTicks: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

/** The ids of all processes that this process can see (Linux); empty on systems without `/proc`. */
export function allProcessIds(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** The direct children of a process with one thread (Linux). */
export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  } catch {
    return [];
  }
}
