import { chmod, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { recordFigure } from "../../../../scripts/soak/figures.js";
import { stillRuns } from "../processes.js";
import { processesOf, startRuntime, startSession, testDirectory } from "../support.js";
import { isolated } from "./support.js";

type Figures = Parameters<typeof recordFigure>[0];

/** Ignores to be asked, leaves its group and session, and holds its pipes. */
const stubborn = `#!/bin/sh
trap "" TERM INT HUP
setsid sh -c 'trap "" TERM; while :; do sleep 5; done' &
echo up
while :; do sleep 5; done
`;

/** How long a call may take, and what an end of the provider may need. Undefined: any time, and a kill by the host. */
export interface StopBounds {
  readonly stopWithinMs: number;
}

/** Fills a provider with stubborn plugins, each with a policy, and stops them all at once; then again, by ending the provider. */
export async function stopMany(context: Figures, sessions: number, bounds?: StopBounds): Promise<void> {
  const directory = await testDirectory();
  const stateDir = join(directory, "state");
  const command = join(directory, "stubborn");
  await writeFile(command, stubborn);
  await chmod(command, 0o755);
  const provider = await startRuntime(directory, { ...isolated, stateDir, readyTimeoutMs: 600_000 });
  const alone = processesOf(provider).length;
  const fill = async (): Promise<string[]> => {
    const ids = await Promise.all(Array.from({ length: sessions }, () => startSession(provider)));
    for (const sessionId of ids) {
      const request = { sessionId, pluginName: "stubborn", command, defaultAction: "deny" };
      // It never listens: it is stopped in the midst of its start.
      provider.runtime.startPlugin(request).catch(() => undefined);
    }
    const isUp = (): boolean =>
      processesOf(provider).filter(({ name }) => name === "sleep").length >= 2 * sessions;
    await expect.poll(isUp, { timeout: 300_000, interval: 500 }).toBe(true);
    return ids;
  };
  const ids = await fill();
  const all = processesOf(provider).filter(({ pid }) => pid !== provider.process.pid);
  const began = performance.now();
  const times = await Promise.all(
    ids.map(async (sessionId) => {
      const timeout = bounds === undefined ? {} : { timeoutMs: bounds.stopWithinMs };
      await provider.runtime.stopSession({ sessionId }, timeout);
      return performance.now() - began;
    }),
  );
  recordFigure(context, {
    name: `the last of ${sessions} StopSession calls at once`,
    value: Math.max(...times),
    unit: "ms",
    atMost: 3_000,
  });
  // The watchdog stays for as long as any tree may be opened.
  expect(all.filter(stillRuns).length).toBeLessThanOrEqual(1);
  expect(processesOf(provider).length).toBeLessThanOrEqual(alone + 1);
  await fill();
  const running = processesOf(provider);
  const ending = performance.now();
  const report = await provider.shutdown();
  // Elsewhere the machine may be too busy for the host's 2 s; what is left is looked at all the same.
  if (bounds !== undefined) expect(report).toMatchObject({ code: 0, signal: null, killed: false });
  recordFigure(context, {
    name: `the end of the provider with ${sessions} sessions`,
    value: performance.now() - ending,
    unit: "ms",
    atMost: 2_000,
  });
  await expect.poll(() => running.filter(stillRuns), { timeout: 20_000 }).toEqual([]);
  if (bounds !== undefined) expect(await readdir(stateDir)).toEqual([]);
  await rm(stateDir, { recursive: true });
  await rm(command);
}
