import { readdir, rm, writeFile } from "node:fs/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findHierarchies } from "../../src/limits/hierarchies.js";
import { hostLog, refusal, startPlugin, startRuntime, startSession, testDirectory } from "../support.js";
import { areCgroupsUsable } from "./usable-cgroups.js";

const MiB = 1024 * 1024;

const usable = await areCgroupsUsable();

/** The cgroups of this machine that carry an instance's name. */
async function cgroupsOf(instance: string): Promise<string[]> {
  const hierarchies = await findHierarchies();
  return hierarchies
    .map(({ parent }) => join(parent, `gestalt-${instance}`))
    .filter((path) => existsSync(path));
}

describe.skipIf(!usable)("plugins with limits", () => {
  it("SESS-10, PLUG-6: a plugin that takes too much memory is killed, and error, state, reason and log say so", async () => {
    const directory = await testDirectory();
    const command = join(directory, "grow.mjs");
    const grow = "const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1));";
    await writeFile(command, `#!${process.execPath}\n${grow}`, { mode: 0o755 });
    onTestFinished(() => rm(command));
    const provider = await startRuntime(directory, { limits: { memoryBytes: 96 * MiB } });
    const sessionId = await startSession(provider);
    const start = provider.runtime.startPlugin({ sessionId, pluginName: "example", command });
    const end = `the plugin was ended by its memory limit: it used more than the ${96 * MiB} bytes of limits.memoryBytes`;
    expect((await refusal(start)).message).toContain(end);
    expect(await provider.runtime.getSession({ sessionId })).toMatchObject({
      state: "failed",
      stateReason: "memory-limit",
      stateMessage: expect.stringContaining(end) as string,
    });
    await expect.poll(() => hostLog(provider, sessionId).join("\n")).toContain(end);
  });

  it("REC-2, SESS-8: cgroups go with their session and their provider, and after kill -9 with the next one", async () => {
    const directory = await testDirectory();
    const stateDir = join(directory, "state");
    const config = { stateDir, limits: { memoryBytes: 512 * MiB, processes: 200, cpus: 2, openFiles: 500 } };
    const first = await startRuntime(directory, config);
    const instance = async (): Promise<string> =>
      (await readdir(stateDir)).find((name) => /^[\da-f]{8}$/.test(name)) ?? "";
    const { execute } = await startPlugin(first);
    expect(await execute("identity")).toBeDefined();
    const dead = await instance();
    expect((await cgroupsOf(dead)).length).toBeGreaterThan(0);
    await first.kill();
    const second = await startRuntime(directory, config);
    expect(await cgroupsOf(dead)).toEqual([]);
    await startPlugin(second);
    const living = await instance();
    expect((await cgroupsOf(living)).length).toBeGreaterThan(0);
    await second.shutdown();
    expect(await cgroupsOf(living)).toEqual([]);
    await rm(stateDir, { recursive: true });
  });
});

describe("limits that can't be kept", () => {
  const limits = { memoryBytes: 512 * MiB };
  const nowhere = { limits, cgroupParent: "/not/there" };

  it("LIFE-1, LIFE-3: are said in the identity's warnings, or refuse the configuration where they are required", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory, nowhere);
    const { warnings } = await provider.lifecycle.getProviderIdentity();
    expect(warnings).toEqual([expect.stringContaining("limits.memoryBytes can't be enforced here: ")]);
    const other = await startRuntime(directory, undefined, { configure: () => Promise.resolve() });
    const config = { ...nowhere, limitEnforcement: "required" };
    const call = other.lifecycle.configureProvider({ name: "process", config, protocolVersion: 3 });
    expect(await refusal(call)).toMatchObject({ code: "FAILED_PRECONDITION" });
  });
});
