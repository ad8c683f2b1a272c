import { readdirSync, readFileSync } from "node:fs";
import { fixturePlugin } from "@gestalt-runtime/testkit";
import { expect } from "vitest";
import { recordFigure } from "../../../../scripts/soak/figures.js";
import { isolated } from "../isolation/support.js";
import { residentBytes } from "../memory.js";
import { dial, leftovers, processesOf, startRuntime, startSession, testDirectory } from "../support.js";

type Figures = Parameters<typeof recordFigure>[0];

const MiB = 2 ** 20;
/** Until then pools and caches fill. */
const warmUpCycles = 5;

/** Descriptors of a process by what they are, without numbers that differ from one to the next. */
function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** What this machine has mounted where the tests can see it. */
const mounts = (): string[] => readFileSync("/proc/self/mountinfo", "utf8").split("\n").sort();

/**
 * Starts and stops sessions with plugins, one after the other. Descriptors, processes, files and mounts are then what they were;
 * memory of the provider may differ by what garbage collection has not reached.
 */
export async function startAndStop(context: Figures, cycles: number, growthAtMostMiB: number): Promise<void> {
  const directory = await testDirectory();
  const provider = await startRuntime(directory, isolated);
  const { pid } = provider.process;
  const cycle = async (): Promise<void> => {
    const sessionId = await startSession(provider);
    const request = { sessionId, pluginName: "example", defaultAction: "deny", ...fixturePlugin() };
    const { dialTarget } = await provider.runtime.startPlugin(request);
    const plugin = dial(sessionId, dialTarget);
    expect(await plugin.execute("echo", { sessionId })).toEqual({ sessionId });
    plugin.close();
    await provider.runtime.stopSession({ sessionId });
  };
  for (let done = 0; done < warmUpCycles; done += 1) await cycle();
  const before = {
    descriptors: descriptorsOf(pid),
    processes: processesOf(provider).length,
    left: leftovers(directory),
    mounts: mounts(),
  };
  const now = (): typeof before => ({
    descriptors: descriptorsOf(pid),
    processes: processesOf(provider).length,
    left: leftovers(directory),
    mounts: mounts(),
  });
  const resident: number[] = [];
  for (let done = 0; done < cycles; done += 1) {
    await cycle();
    resident.push(residentBytes(pid) / MiB);
  }
  // The last connection's end may still be on its way.
  await expect.poll(now).toEqual(before);
  // Of each third the least: what garbage collection leaves.
  const third = Math.ceil(cycles / 3);
  const growth = Math.min(...resident.slice(-third)) - Math.min(...resident.slice(third, 2 * third));
  expect(growth).toBeLessThanOrEqual(growthAtMostMiB);
  recordFigure(context, {
    name: `growth of resident memory from the second to the last third of ${cycles} sessions`,
    value: growth,
    unit: "MiB",
    atMost: growthAtMostMiB,
  });
  recordFigure(context, {
    name: `resident memory after ${cycles} sessions`,
    value: resident.at(-1) ?? 0,
    unit: "MiB",
  });
}
