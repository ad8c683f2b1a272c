import { describe, expect, it } from "vitest";
import { startGestaltd, startProvider } from "../../src/host/index.js";
import { TestDirectory, fixture } from "./fixtures.js";
import { readRecording } from "./recording.js";
import { replay } from "./replay.js";

describe("the admin's view", () => {
  it("HOST: lists providers with their profiles and sessions, and a session's log after a cursor", async () => {
    await using directory = await TestDirectory.make();
    const recording = await readRecording("start-plugin-fails");
    // The plugin starts, and the provider logs one line; the rest is added here.
    const operator = { ...recording.operator, runtime: { default: true, config: { access: "direct" } } };
    await replay({ ...recording, operator, events: [] }, directory, {
      drive: async ({ admin }) => {
        const profile = { canHostPlugins: true, hostServiceAccess: "direct", egressMode: "hostname" };
        expect(await admin.providers()).toEqual([
          {
            name: "rec",
            default: true,
            loaded: true,
            sessionCount: 1,
            profile: { advertised: profile, effective: profile },
          },
        ]);
        expect(await admin.sessions("rec")).toMatchObject([{ id: "s1", state: "running" }]);
        expect(admin.logs("rec", "s1")).toMatchObject([
          { seq: 1, stream: "runtime", message: "session s1 created" },
        ]);
        expect(admin.logs("rec", "s1", { after: 1 })).toEqual([]);
        expect(admin.logs("rec", "s9")).toBeUndefined();
        expect(() => admin.logs("other", "s1")).toThrow(
          'there is no runtime provider "other"; this host has rec',
        );
      },
    });
  });

  it("HOST: a provider that was never needed is not started; one that has died says so", async () => {
    await using directory = await TestDirectory.make();
    await using gestaltd = await startGestaltd({
      runtimeProviders: {
        idle: { command: fixture("odd-provider"), default: true },
        odd: { command: fixture("odd-provider"), args: ["serves"] },
      },
      plugins: { a: { command: "/opt/plugin", runtime: { provider: "odd" } } },
      tmpDir: directory.path,
    });
    const [idle] = await gestaltd.admin.providers();
    expect(idle).toEqual({ name: "idle", default: true, loaded: false, sessionCount: 0 });
    expect(await gestaltd.admin.sessions("idle")).toEqual([]);

    const pid = gestaltd.trace.events.find(({ type }) => type === "spawned");
    if (pid?.type !== "spawned") throw new Error("nothing was spawned");
    process.kill(pid.pid, "SIGKILL");
    await expect(gestaltd.admin.sessions("odd")).rejects.toMatchObject({ failure: "provider-unavailable" });
    expect((await gestaltd.admin.providers())[1]).toMatchObject({
      loaded: true,
      sessionCount: 0,
      error: expect.stringContaining("UNAVAILABLE") as string,
    });
  });

  it("SESS-7: where ListSessions is missing, a session that is NOT_FOUND is forgotten", async () => {
    await using directory = await TestDirectory.make();
    await using provider = await startProvider({
      command: fixture("odd-provider"),
      args: ["lists-nothing"],
      tmpDir: directory.path,
    });
    await provider.handshake();
    await provider.sessions.start({ pluginName: "stays" });
    await provider.sessions.start({ pluginName: "lost" });
    const sessions = await provider.sessions.list(() => 5_000);
    expect(sessions.map(({ id }) => id)).toEqual(["stays"]);
    expect(provider.sessions.remembered).toEqual(["stays"]);
  });
});
