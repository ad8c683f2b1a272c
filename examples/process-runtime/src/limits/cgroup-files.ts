import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { controllers, type Controller, type PluginLimits } from "./plugin-limits.js";

/** The length of a turn in which processor time is counted, in microseconds; the kernel's own default. */
const periodUs = 100_000;
/** The least that the kernel takes. */
const leastQuotaUs = 1_000;

/** What is written into a cgroup's files for a limit. */
interface Setting {
  readonly file: string;
  readonly value: string;
  /** A file that not every kernel has. */
  readonly optional?: boolean;
}

/** Sets the limits that `available` controllers keep in one cgroup. */
export async function writeLimits(
  cgroup: string,
  version: 1 | 2,
  available: readonly Controller[],
  limits: PluginLimits,
): Promise<void> {
  for (const [key, controller] of Object.entries(controllers) as [keyof typeof controllers, Controller][]) {
    const limit = limits[key];
    if (limit === undefined || !available.includes(controller)) continue;
    for (const { file, value, optional } of settings[version][key](limit))
      await writeFile(join(cgroup, file), value).catch((error: unknown) => {
        if (optional !== true) throw error;
      });
  }
}

const settings: Record<1 | 2, Record<keyof typeof controllers, (limit: number) => Setting[]>> = {
  1: {
    memoryBytes: (bytes) => [
      { file: "memory.limit_in_bytes", value: String(bytes) },
      // Memory and swap together: swap is no way around the limit.
      { file: "memory.memsw.limit_in_bytes", value: String(bytes), optional: true },
    ],
    cpus: (cpus) => [
      { file: "cpu.cfs_period_us", value: String(periodUs) },
      { file: "cpu.cfs_quota_us", value: String(quotaUs(cpus)) },
    ],
    processes: (count) => [{ file: "pids.max", value: String(count) }],
  },
  2: {
    memoryBytes: (bytes) => [
      { file: "memory.max", value: String(bytes) },
      { file: "memory.swap.max", value: "0", optional: true },
      // What is left of a plugin once the kernel has killed a part of it is of no use.
      { file: "memory.oom.group", value: "1", optional: true },
    ],
    cpus: (cpus) => [{ file: "cpu.max", value: `${quotaUs(cpus)} ${periodUs}` }],
    processes: (count) => [{ file: "pids.max", value: String(count) }],
  },
};

function quotaUs(cpus: number): number {
  return Math.max(leastQuotaUs, Math.round(cpus * periodUs));
}

/** How many processes of a cgroup the kernel has killed for want of memory. */
export async function memoryKills(cgroup: string, version: 1 | 2): Promise<number> {
  return count(cgroup, version === 1 ? "memory.oom_control" : "memory.events", "oom_kill");
}

/** How often a process could not be started for the limit of processes. */
export async function refusedProcesses(cgroup: string): Promise<number> {
  return count(cgroup, "pids.events", "max");
}

async function count(cgroup: string, file: string, name: string): Promise<number> {
  const text = await readFile(join(cgroup, file), "utf8").catch(() => "");
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}
