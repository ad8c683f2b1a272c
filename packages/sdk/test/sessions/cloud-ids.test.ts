import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";

const program = fileURLToPath(new URL("../.fixtures/session-ids.mjs", import.meta.url));

/** The ids and guest names of the sessions of one process, which then dies. */
function sessionsOf(directory: string, count: number): Promise<string[]> {
  return new Promise((resolve) =>
    execFile(process.execPath, [program, directory, String(count)], (_, stdout) =>
      resolve(stdout.split("\n").filter(Boolean)),
    ),
  );
}

it(
  "T1, SESS-1: processes with 1,000 sessions each, side by side, and one after their death share neither an id nor a guest's name",
  { timeout: 120_000 },
  async () => {
    const folder = await mkdtemp("/tmp/gids-");
    onTestFinished(() => rm(folder, { recursive: true }));
    const directory = join(folder, "state");
    const both = await Promise.all([sessionsOf(directory, 1_000), sessionsOf(directory, 1_000)]);
    const all = [...both.flat(), ...(await sessionsOf(directory, 10))];
    expect(all).toHaveLength(4_020);
    expect(new Set(all).size).toBe(4_020);
    // A guest's name is a DNS label (GuestRequest.name).
    for (const name of all.filter((text) => !text.startsWith("s-")))
      expect(name).toMatch(/^[a-z][a-z\d-]{0,62}$/);
  },
);
