import { allProcessIds, hasEnded, readStat, signalIfThere } from "./process-info.js";
import { sharedScan } from "./shared-scan.js";

/**
 * The processes of these groups that still run; where there is no `/proc`, the groups' own numbers stand for
 * their members.
 */
export async function membersOf(groups: readonly number[]): Promise<number[]> {
  // Most often there is none, and that costs one call each.
  const there = new Set(groups.filter((group) => signalIfThere(-group, 0)));
  if (there.size === 0 || process.platform !== "linux") return [...there];
  // Ended members that nobody has collected keep a group's number, and can't be ended any more.
  return (await livingProcesses()).filter(({ group }) => there.has(group)).map(({ pid }) => pid);
}

const livingProcesses = sharedScan(() =>
  allProcessIds().flatMap((pid) => {
    const stat = readStat(pid);
    return stat === undefined || hasEnded(stat) ? [] : [stat];
  }),
);
