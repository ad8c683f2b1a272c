import { readFileSync } from "node:fs";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { providerMark } from "../../leftovers/place.js";
import { processesMarked } from "../../leftovers/processes.js";
import type { SubjectPlugin } from "../../subject/plugin.js";
import { completeOrCounted, logHostOf, mendAfterwards, watchedPlugin } from "./session-log.js";

/** How long a plugin may be at writing: where its log is full it may have to wait. */
const writingMs = 25_000;

const counts =
  "Count what is dropped, and once there is room say in the session's log how many records are missing.";

export const flood = defineCheck({
  id: "logs/append-logs/flood",
  title: "of a flood of output every line is pushed or counted as dropped, and the session answers meanwhile",
  requirements: ["LOGS-4"],
  instance: "shared",
  cause: "A full buffer drops lines without a word, or reading the output leaves no time for anything else.",
  mend: `Let the plugin wait while the buffer is full, or: ${counts.toLowerCase()}`,
  run: async (t) => {
    const { plugin, session, log } = await watchedPlugin(t);
    const count = 30_000;
    const written = write(t, plugin, { count, bytes: 100 });
    for (let look = 0; look < 10; look += 1) {
      await t.expect.answered("GetSession while the plugin floods its log", session.get());
      await t.pause(20);
    }
    if (await written) await completeOrCounted(t, log, "stdout", count);
  },
});

export const dropsCounted = defineCheck({
  id: "logs/log-host/drops-counted",
  title: "what was dropped while the log host failed is counted in the log",
  requirements: ["LOGS-4"],
  instance: "shared",
  cause: "Old records make room for new ones, or failed batches are thrown away, without a word.",
  mend: counts,
  run: (t) => writtenWhileFailing(t, 50_000, 200),
});

export const largeBatches = defineCheck({
  id: "logs/append-logs/large-batches",
  title: "what has piled up is pushed in calls below the host's 4 MiB",
  requirements: ["LOGS-2"],
  instance: "shared",
  cause: "All that waits goes into one call. Above 4 MiB it is refused, and refused again.",
  mend: "Bound a call in bytes, not just in records: 256 KiB are enough.",
  run: (t) => writtenWhileFailing(t, 2_000, 3_000),
});

async function writtenWhileFailing(t: CheckContext, count: number, bytes: number): Promise<void> {
  const { provider, plugin, log } = await watchedPlugin(t);
  const logHost = logHostOf(provider);
  mendAfterwards(t, logHost);
  logHost.fail("UNAVAILABLE");
  const written = write(t, plugin, { count, bytes });
  // A plugin that has to wait for its log gets on only once the log host works again.
  await Promise.race([written, t.pause(waitsAtMostMs)]);
  logHost.fail(undefined);
  if (await written) await completeOrCounted(t, log, "stdout", count);
}

/** How long a plugin that has to wait is left waiting before its log host is mended. */
const waitsAtMostMs = 5_000;

const floodMB = { first: 64, second: 96 };
/** How much more memory the second flood may take, by when buffers are full: much less than what it writes. */
const mostGrowthMB = 80;

export const boundedMemory = defineCheck({
  id: "logs/log-host/memory",
  title: "with a log host that answers nothing, the provider's memory does not grow with what plugins write",
  requirements: ["LOGS-4"],
  needs: ["local-processes"],
  alone: true,
  cause: "What can't be sent is kept, however much it is.",
  mend: "Bound the records that wait, in bytes, for each session and for all; past it let the plugin wait or drop.",
  run: async (t) => {
    const { provider, plugin } = await watchedPlugin(t);
    const logHost = logHostOf(provider);
    mendAfterwards(t, logHost);
    logHost.freeze();
    const flood = (megabytes: number): Promise<boolean> =>
      write(t, plugin, { count: megabytes * 1_000, bytes: 1_000 });
    // Where the plugin has to wait, nothing more comes that could take memory.
    if (!(await flood(floodMB.first))) return;
    const before = memoryMB(t);
    await flood(floodMB.second);
    t.expect(
      memoryMB(t) - before <= mostGrowthMB,
      `after a plugin wrote ${floodMB.first} MB, ${floodMB.second} MB more of its output made the provider's memory grow by over ${mostGrowthMB} MB`,
    );
  },
});

/** @returns whether the plugin has written it; otherwise it waits, because nobody reads */
async function write(
  t: CheckContext,
  plugin: SubjectPlugin,
  params: { readonly count: number; readonly bytes: number },
): Promise<boolean> {
  t.doing = `waiting for a plugin that writes ${params.count} lines`;
  try {
    await plugin.client.execute({ operation: "log", params: { ...params } }, { timeoutMs: writingMs });
    return true;
  } catch (error) {
    if (error instanceof RuntimeProviderError && error.code === "DEADLINE_EXCEEDED") return false;
    throw error;
  }
}

/** Of the provider and what it has started for itself. */
function memoryMB(t: CheckContext): number {
  const processes = processesMarked(`${providerMark}=${t.place.mark}`);
  return processes.reduce((sum, { pid }) => sum + residentMB(pid), 0);
}

function residentMB(pid: number): number {
  try {
    const [, kiB = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
    return (Number(kiB) * 1_024) / 1_000_000;
  } catch {
    return 0;
  }
}
