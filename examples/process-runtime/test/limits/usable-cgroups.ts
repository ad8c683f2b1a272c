import { mkdtemp, rm } from "node:fs/promises";
import { findHierarchies } from "../../src/limits/hierarchies.js";
import { InstanceCgroups } from "../../src/limits/instance-cgroups.js";

/** Whether limits of memory, processor time and processes can be kept here. */
export async function areCgroupsUsable(): Promise<boolean> {
  const path = await mkdtemp("/tmp/gprl-");
  try {
    const cgroups = await InstanceCgroups.open(path, await findHierarchies(), ["memory", "cpu", "pids"]);
    await cgroups.close();
    return cgroups.missing.size === 0;
  } finally {
    await rm(path, { recursive: true });
  }
}
