import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { processesOf, startRuntime, startSession, testDirectory } from "../support.js";
import { describeIsolated, isolated } from "./support.js";

const sessions = 100;
/** Ignores to be asked, leaves its group and session, and holds its pipes. */
const stubborn = `#!/bin/sh
trap "" TERM INT HUP
setsid sh -c 'trap "" TERM; while :; do sleep 5; done' &
echo up
while :; do sleep 5; done
`;

describeIsolated("a hundred sessions at once, each with a policy", () => {
  it(`SESS-8, PROC-6, PROC-8: stubborn plugins are stopped within the host's 3 s each, and with the provider within its 2 s; nothing is left`, async () => {
    const directory = await testDirectory();
    const command = join(directory, "stubborn");
    await writeFile(command, stubborn);
    await chmod(command, 0o755);
    const provider = await startRuntime(directory, { ...isolated, readyTimeoutMs: 600_000 });
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
    await Promise.all(
      ids.map((sessionId) => provider.runtime.stopSession({ sessionId }, { timeoutMs: 3_000 })),
    );
    // The watchdog stays for as long as any tree may be opened.
    expect(processesOf(provider).length).toBeLessThanOrEqual(alone + 1);
    await fill();
    expect(await provider.shutdown()).toMatchObject({ code: 0, signal: null, killed: false });
    await rm(command);
  });
});
