import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fixturePlugin } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import {
  isAlive,
  leftovers,
  program,
  startPlugin,
  startRuntime,
  startSession,
  testDirectory,
} from "./support.js";

const host = fileURLToPath(new URL("./.fixtures/host-in-mid-session.mjs", import.meta.url));
const kinds = ["pid-namespace", "process-group"] as const;
const nobody = 65_534;
const users = process.getuid?.() === 0 ? [undefined, nobody] : [undefined];
/** Where the runtime keeps its sessions by default. */
const stateDir = (directory: string): string => join(directory, `gst-${process.getuid?.() ?? 0}-process`);

describe.each(kinds)("death, held together by %s", (containment) => {
  it.each(users)(
    "PROC-7, PROC-8: kill -9 of the host in mid-session: provider, plugin and all descendants go, and no directory stays (uid %s)",
    async (uid) => {
      const directory = await testDirectory();
      if (uid !== undefined) await chmod(directory, 0o777);
      const child = spawn(
        process.execPath,
        [host, program, fixturePlugin().command, directory, containment],
        {
          stdio: ["ignore", "pipe", "inherit"],
          ...(uid !== undefined && { uid, gid: uid }),
        },
      );
      const [line] = (await once(child.stdout, "data")) as [Buffer];
      const pids = JSON.parse(line.toString()) as number[];
      expect(pids.every(isAlive)).toBe(true);
      child.kill("SIGKILL");
      await once(child, "exit");
      await expect.poll(() => pids.filter(isAlive), { timeout: 5_000 }).toEqual([]);
      // The host's own directory is left by its death; the provider's is not.
      await expect
        .poll(async () => (await readdir(directory)).filter((name) => /^gst-\d+-process/.test(name)))
        .toEqual([]);
      for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true });
    },
  );

  it("PROC-8, REC-2: kill -9 of the provider ends the plugin's whole tree; the next instance removes the rest, and only that", async () => {
    const directory = await testDirectory();
    const dead = await startRuntime(directory, { containment });
    const living = await startRuntime(directory, { containment });
    const survivor = await startPlugin(living);
    const { execute } = await startPlugin(dead);
    const pids = [(await execute("processes")).pid as number];
    for (const kind of ["plain", "session", "daemon"])
      pids.push((await execute("spawn", { kind, ignoreSigterm: true })).pid as number);
    const before = await readdir(stateDir(directory));
    await dead.kill();
    await expect.poll(() => pids.filter(isAlive), { timeout: 5_000 }).toEqual([]);
    expect(await readdir(stateDir(directory))).toEqual(before);

    const next = await startRuntime(directory, { containment });
    // Two living instances: a directory and a lock each.
    expect(await readdir(stateDir(directory))).toHaveLength(4);
    expect(await survivor.execute("echo", { still: "there" })).toEqual({ still: "there" });
    expect((await living.runtime.getSession({ sessionId: survivor.sessionId })).state).toBe("running");
    await startSession(next);
  });
});

describe("the provider's end", () => {
  it("PROC-6, PROC-8: SIGTERM with twenty plugins that ignore it: exit 0, no SIGKILL needed, nothing left", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const plugins = await Promise.all(Array.from({ length: 20 }, () => startPlugin(provider)));
    await Promise.all(plugins.map(({ execute }) => execute("ignore-sigterm")));
    expect(await provider.shutdown()).toMatchObject({ code: 0, signal: null, killed: false });
    expect(leftovers(directory)).toEqual([]);
  });

  it("PROC-6: SIGTERM in the middle of StartPlugin: exit 0, nothing left", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const sessionId = await startSession(provider);
    const starting = provider.runtime
      .startPlugin({
        sessionId,
        pluginName: "example",
        ...fixturePlugin({ atStart: ["fork:daemon,ignore-sigterm", "no-listen"] }),
      })
      .catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await provider.shutdown()).toMatchObject({ code: 0, killed: false });
    await starting;
    expect(leftovers(directory)).toEqual([]);
  });
});
