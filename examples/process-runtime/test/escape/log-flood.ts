import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { isolated } from "../isolation/support.js";
import { residentBytes } from "../memory.js";
import { refusal, startPlugin, startRuntime, startSession, testDirectory } from "../support.js";

const MiB = 2 ** 20;
const logs = { sessionBytes: MiB, totalBytes: 4 * MiB };

/**
 * Lets a plugin write so much to its stdout as fast as it can, and fail then, while another session is asked all the time.
 *
 * @returns how much the provider's memory grew, in MiB
 */
export async function floodLog(megabytes: number): Promise<number> {
  const directory = await testDirectory();
  const command = join(directory, "flood");
  const line = '$(head -c 1000 /dev/zero | tr "\\0" x)';
  await writeFile(
    command,
    `#!/bin/sh\nyes "${line}" | head -c ${megabytes * MiB}\necho the end >&2\nexit 3\n`,
  );
  await chmod(command, 0o755);
  onTestFinished(() => rm(command));
  const provider = await startRuntime(directory, { ...isolated, logs, readyTimeoutMs: 600_000 });
  const other = await startPlugin(provider);
  const sessionId = await startSession(provider);
  const { pid } = provider.process;
  const before = residentBytes(pid);
  const seen = { most: before, isOver: false };
  const asked = (async (): Promise<void> => {
    for (let round = 0; !seen.isOver; round += 1) {
      expect(await other.execute("echo", { round })).toEqual({ round });
      seen.most = Math.max(seen.most, residentBytes(pid));
    }
  })();
  const start = provider.runtime.startPlugin({ sessionId, pluginName: "flood", command });
  const { message } = await refusal(start);
  seen.isOver = true;
  await asked;
  // After all that came before it.
  expect(message).toMatch(/exited with code 3[^]*the end/);
  return (seen.most - before) / MiB;
}
