import { basename } from "node:path";
import { fixturePlugin } from "@gestalt-runtime/testkit";
import { expect } from "vitest";
import { recordFigure } from "../../../../scripts/soak/figures.js";
import { isolated } from "../isolation/support.js";
import { programOf, proportionalBytes } from "../memory.js";
import type { SeenProcess } from "../processes.js";
import { dial, leftovers, processesOf, startRuntime, startSession, testDirectory } from "../support.js";

type Figures = Parameters<typeof recordFigure>[0];

const MiB = 2 ** 20;
/** Starts of programs at the same time: more would only wait for each other's processors. */
const startsAtOnce = 8;

const isNode = ({ pid }: SeenProcess): boolean => basename(programOf(pid)) === basename(process.execPath);

/** Hosts so many plugins at once, each with a policy; looks at what stands beside them; and ends them all. */
export async function hostMany(context: Figures, sessions: number): Promise<void> {
  const directory = await testDirectory();
  const provider = await startRuntime(directory, { ...isolated, maxSessions: sessions + 1 });
  const host = async (): Promise<{ sessionId: string; dialTarget: string }> => {
    const sessionId = await startSession(provider);
    const request = { sessionId, pluginName: "example", defaultAction: "deny", ...fixturePlugin() };
    return { sessionId, dialTarget: (await provider.runtime.startPlugin(request)).dialTarget };
  };
  // What is made once, for all sessions, is there before the count begins.
  await provider.runtime.stopSession({ sessionId: (await host()).sessionId });
  const before = { left: leftovers(directory), bytes: proportionalBytes(processesOf(provider)) };
  expect(processesOf(provider).filter(isNode)).toHaveLength(1);

  const hosted: Awaited<ReturnType<typeof host>>[] = [];
  const next = async (): Promise<void> => {
    while (hosted.length < sessions) {
      const slot = hosted.length;
      hosted.push({ sessionId: "", dialTarget: "" });
      hosted[slot] = await host();
    }
  };
  await Promise.all(Array.from({ length: startsAtOnce }, next));
  expect(new Set(hosted.map(({ dialTarget }) => dialTarget)).size).toBe(sessions);

  const all = processesOf(provider);
  const nodes = all.filter(isNode);
  // The provider and the plugins: none for isolation or the proxy.
  expect(nodes).toHaveLength(1 + sessions);
  const plugins = nodes.filter(({ pid }) => pid !== provider.process.pid);
  const beside = all.filter((one) => !plugins.includes(one));
  const perSession = (proportionalBytes(beside) - before.bytes) / sessions / MiB;
  expect(perSession).toBeLessThanOrEqual(6);
  recordFigure(context, {
    name: `memory (PSS) beside the plugin, each of ${sessions} sessions`,
    value: perSession,
    unit: "MiB",
    atMost: 6,
  });
  recordFigure(context, {
    name: `processes beside the plugin, each of ${sessions} sessions`,
    value: (beside.length - 1) / sessions,
    unit: "processes",
  });
  // They all work still, the first and the last one too.
  for (const { sessionId, dialTarget } of [hosted.at(0), hosted.at(-1)].flatMap((one) => one ?? [])) {
    const plugin = dial(sessionId, dialTarget);
    expect(await plugin.execute("echo", { sessionId })).toEqual({ sessionId });
    plugin.close();
  }
  await Promise.all(hosted.map(({ sessionId }) => provider.runtime.stopSession({ sessionId })));
  // A machine that is busy with hundreds of ends may have been told to go on removing after the answer.
  await expect.poll(() => leftovers(directory), { timeout: 60_000 }).toEqual(before.left);
}
