import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fixturePlugin, startGestaltd } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import {
  hostLog,
  leftovers,
  program,
  refusal,
  startPlugin,
  startRuntime,
  startSession,
  testDirectory,
} from "./support.js";

describe("sessions", () => {
  it("SESS-1, SESS-2, PLUG-5, DIAL-1, DIAL-2: ids are never used again, and metadata comes back unchanged in every answer", async () => {
    const provider = await startRuntime(await testDirectory());
    const metadata = { provider_kind: "plugin", provider_name: "a", "": "empty", "ü ☃": "x\ny", runtime: "" };
    const { runtime } = provider;
    const started = await provider.sessions.start({ pluginName: "a", metadata });
    const sessionId = started.id;
    const expected = { id: sessionId, metadata };
    expect(started).toMatchObject(expected);
    await provider.sessions.waitUntilReady(sessionId);
    expect(await runtime.getSession({ sessionId })).toMatchObject({ ...expected, state: "ready" });
    const plugin = await runtime.startPlugin({ sessionId, pluginName: "any name", ...fixturePlugin() });
    expect(plugin).toMatchObject({ sessionId, pluginName: "any name" });
    expect(plugin.id).not.toBe("");
    expect(plugin.dialTarget).toMatch(/^unix:\/\/\/[^?]+$/);
    expect(Buffer.byteLength(plugin.dialTarget.slice("unix://".length))).toBeLessThanOrEqual(107);
    expect(await runtime.getSession({ sessionId })).toMatchObject({ ...expected, state: "running" });
    expect((await runtime.listSessions()).sessions).toMatchObject([{ ...expected, state: "running" }]);

    await provider.sessions.stop(sessionId);
    expect(await startSession(provider)).not.toBe(sessionId);
  });

  it("SESS-7, SESS-10: a failed session is listed until it is stopped, one that ended with 0 or was stopped is not", async () => {
    const provider = await startRuntime(await testDirectory());
    const [failed, ended, stopped] = [
      await startPlugin(provider),
      await startPlugin(provider),
      await startPlugin(provider),
    ];
    await failed.execute("exit", { code: 3 });
    await ended.execute("exit", { code: 0 });
    await provider.sessions.stop(stopped.sessionId);
    const { runtime } = provider;
    const list = async (): Promise<unknown[]> => (await runtime.listSessions()).sessions;
    await expect.poll(list).toMatchObject([
      {
        id: failed.sessionId,
        state: "failed",
        stateReason: "exited",
        metadata: { provider_kind: "plugin" },
      },
    ]);
    expect(await runtime.getSession({ sessionId: ended.sessionId })).toMatchObject({ state: "stopped" });
    await provider.sessions.stop(failed.sessionId);
    expect(await list()).toEqual([]);
  });

  it("SESS-10, PROC-8: what a plugin that ended by itself has left running is ended without being asked", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory);
    const before = leftovers(directory);
    const { execute, sessionId } = await startPlugin(provider);
    for (const kind of ["plain", "session", "daemon"]) await execute("spawn", { kind, ignoreSigterm: true });
    await execute("log", { count: 1, bytes: 30 });
    await execute("exit", { code: 9 });
    await expect.poll(() => leftovers(directory), { timeout: 5_000 }).toEqual(before);
    // LOGS-1: its last words and how it ended are in the log, in that order.
    await expect
      .poll(() => hostLog(provider, sessionId).slice(-2))
      .toEqual([expect.stringMatching(/^stdout stdout 1 /), "runtime the plugin exited with code 9"]);
  });

  it("SESS-9: without a lifetime no end is told at all: a zero time would mean expired", async () => {
    const { runtime } = await startRuntime(await testDirectory());
    const { lifecycle } = await runtime.startSession({ pluginName: "a" });
    expect(lifecycle?.startedAt).toBeDefined();
    expect(lifecycle?.recommendedDrainAt).toBeUndefined();
    expect(lifecycle?.expiresAt).toBeUndefined();
  });

  it("SESS-5: GetSession is answered while the session's plugin is being started", async () => {
    const provider = await startRuntime(await testDirectory());
    const sessionId = await startSession(provider);
    let over = false;
    const starting = provider.runtime
      .startPlugin({
        sessionId,
        pluginName: "slow",
        ...fixturePlugin({ atStart: ["stdout:up", "listen-late:300"] }),
      })
      .then(() => (over = true));
    await expect.poll(() => hostLog(provider, sessionId)).toContain("stdout up");
    expect(await provider.runtime.getSession({ sessionId })).toMatchObject({ state: "ready" });
    expect(over).toBe(false);
    await starting;
    expect(await provider.runtime.getSession({ sessionId })).toMatchObject({ state: "running" });
  });

  it("SESS-4, SESS-13: a StartSession that can't make its directory says why, and leaves no session", async () => {
    const directory = await testDirectory();
    const provider = await startRuntime(directory, { stateDir: join(directory, "state") });
    await rm(join(directory, "state"), { recursive: true });
    const { code, message } = await refusal(provider.runtime.startSession({ pluginName: "a" }));
    expect({ code, message }).toEqual({
      code: "UNKNOWN",
      message: expect.stringMatching(/^creating the guest: ENOENT/) as string,
    });
    expect((await provider.runtime.listSessions()).sessions).toEqual([]);
  });

  it("PLUG-6, SESS-11: a failed session refuses another start and another binding, and is stopped as usual", async () => {
    const provider = await startRuntime(await testDirectory());
    const sessionId = await startSession(provider);
    const request = { sessionId, pluginName: "example", ...fixturePlugin({ atStart: ["exit:1"] }) };
    await refusal(provider.runtime.startPlugin(request));
    for (const call of [
      provider.runtime.startPlugin(request),
      provider.runtime.bindHostService({ sessionId, envVar: "A", relay: { dialTarget: "unix:///a" } }),
    ])
      expect(await refusal(call)).toMatchObject({
        code: "FAILED_PRECONDITION",
        message: expect.stringContaining("is failed: the plugin exited with code 1") as string,
      });
    await provider.sessions.stop(sessionId);
    expect(await refusal(provider.runtime.getSession({ sessionId }))).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a whole host", () => {
  it("PROC-9: starts five plugins at once on five instances, of which one stays and hosts all", async () => {
    const directory = await testDirectory();
    const names = ["a", "b", "c", "d", "e"];
    await using gestaltd = await startGestaltd({
      tmpDir: directory,
      operatorEnv: { PATH: process.env.PATH, TMPDIR: directory },
      runtimeProviders: { process: { command: program } },
      plugins: Object.fromEntries(names.map((name) => [name, fixturePlugin({ args: [name] })])),
    });
    for (const name of names)
      expect(JSON.parse((await gestaltd.execute(name, "args")).body)).toMatchObject({ args: [name] });
    const { events } = gestaltd.trace;
    const spawned = events.filter(({ type }) => type === "spawned").length;
    expect(spawned).toBeGreaterThan(1);
    expect(await gestaltd.admin.sessions("process")).toHaveLength(5);
    expect(await gestaltd.stop()).toMatchObject({ process: { code: 0, killed: false } });
    const exits = events.filter((event) => event.type === "exited");
    expect(exits).toHaveLength(spawned);
    expect(exits.every(({ code, signal }) => code === 0 && signal === null)).toBe(true);
    expect(leftovers(directory)).toEqual([]);
  });

  it("LOGS-3, PLUG-6: the operator's error has the exit code, the last words and the log of a plugin that fails", async () => {
    const directory = await testDirectory();
    await using gestaltd = await startGestaltd({
      tmpDir: directory,
      operatorEnv: { PATH: process.env.PATH, TMPDIR: directory },
      runtimeProviders: { process: { command: program } },
      plugins: { bad: fixturePlugin({ atStart: ["stdout:reading config", "stderr:no licence", "exit:7"] }) },
    });
    const outcome = gestaltd.outcomes.get("bad");
    if (outcome?.status !== "skipped") throw new Error("the plugin was hosted");
    expect(outcome.failure).toBe("start-plugin");
    expect(outcome.message).toMatch(
      /FAILED_PRECONDITION: the plugin exited with code 7 before it accepted gRPC connections; the last lines of its stderr:\nno licence\n/,
    );
    expect(outcome.message).toContain("[stdout] reading config");
    expect(outcome.message).toContain("[stderr] no licence");
    expect(outcome.message).toContain("[runtime] the session failed: the plugin exited with code 7");
    expect(await gestaltd.admin.sessions("process")).toEqual([]);
  });
});
