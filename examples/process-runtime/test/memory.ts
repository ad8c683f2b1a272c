import { readFileSync, readlinkSync } from "node:fs";
import type { SeenProcess } from "./processes.js";

const KiB = 1024;

/** Proportional memory of processes in bytes: what several share is counted in parts. One that has ended has none. */
export function proportionalBytes(processes: readonly Pick<SeenProcess, "pid">[]): number {
  return processes.reduce((sum, { pid }) => sum + fieldOf(pid, "smaps_rollup", "Pss"), 0);
}

/** What of a process is in memory, in bytes. */
export function residentBytes(pid: number): number {
  return fieldOf(pid, "status", "VmRSS");
}

/** The program file of a process, as far as it may be seen. */
export function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return "";
  }
}

function fieldOf(pid: number, file: string, name: string): number {
  try {
    const text = readFileSync(`/proc/${pid}/${file}`, "latin1");
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) * KiB;
  } catch {
    return 0;
  }
}
