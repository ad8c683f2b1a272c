import { fixturePlugin, startGestaltd, startProvider } from "@gestalt-runtime/testkit";
import { describe, expect, it } from "vitest";
import {
  dial,
  isAlive,
  program,
  refusal,
  startPlugin,
  startRuntime,
  startSession,
  testDirectory,
} from "./support.js";

describe("hosting", () => {
  it("SESS-1, SESS-2, BIND-1, BIND-2, PLUG-4, PLUG-5, DIAL-1: a fake gestaltd hosts a plugin, which uses the host's cache", async () => {
    const directory = await testDirectory();
    await using gestaltd = await startGestaltd({
      tmpDir: directory,
      operatorEnv: { PATH: process.env.PATH, TMPDIR: directory },
      runtimeProviders: { process: { command: program } },
      plugins: {
        example: {
          ...fixturePlugin({ args: ["serve", ""] }),
          cache: ["main"],
          runtime: { metadata: { team: "blue" } },
        },
      },
    });
    const { sessionId, dialTarget } = gestaltd.plugin("example");
    expect(dialTarget).toMatch(/^unix:\/\/\//);
    expect(
      JSON.parse((await gestaltd.execute("example", "cache", { key: "k", value: "v" })).body),
    ).toMatchObject({
      found: true,
      value: "v",
    });
    expect(await gestaltd.admin.sessions("process")).toMatchObject([
      {
        id: sessionId,
        state: "running",
        metadata: { team: "blue", provider_kind: "plugin", provider_name: "example" },
      },
    ]);
    expect(await gestaltd.stop()).toMatchObject({ process: { code: 0, killed: false } });
  });

  it("SUP-1, SUP-2, SUP-3, SUP-4: says what it can do, the same each time", async () => {
    const { runtime } = await startRuntime(await testDirectory());
    const support = await runtime.getSupport();
    expect(support).toMatchObject({ canHostPlugins: true, hostServiceAccess: 2, egressMode: 1 });
    expect(await runtime.getSupport()).toEqual(support);
  });

  it("SUP-4: the host refuses a plugin that needs hostname egress, where it is not enforced", async () => {
    const directory = await testDirectory();
    await using gestaltd = await startGestaltd({
      tmpDir: directory,
      operatorEnv: { PATH: process.env.PATH, TMPDIR: directory },
      runtimeProviders: { process: { command: program, config: { isolation: "none" } } },
      plugins: { example: { ...fixturePlugin(), egress: { allowedHosts: ["api.example.com"] } } },
    });
    expect(gestaltd.outcomes.get("example")).toMatchObject({
      status: "skipped",
      failure: "egress-not-preserved",
    });
  });

  it("BIND-1, BIND-3, BIND-4: a relay arrives unchanged, and a later binding replaces an earlier one", async () => {
    const provider = await startRuntime(await testDirectory());
    const sessionId = await startSession(provider);
    const relay = "tls://gestalt.example.com:443";
    const ids = new Set([""]);
    for (const dialTarget of ["unix:///first.sock", relay]) {
      const request = { sessionId, envVar: "ANY_SERVICE", relay: { dialTarget } };
      const binding = await provider.runtime.bindHostService(request);
      expect(binding).toMatchObject(request);
      ids.add(binding.id);
    }
    expect(ids.size).toBe(3);
    const started = await provider.runtime.startPlugin({
      sessionId,
      pluginName: "example",
      ...fixturePlugin(),
    });
    const { env } = await dial(sessionId, started.dialTarget).execute("env");
    expect(env).toMatchObject({ ANY_SERVICE: relay });
  });

  it.each([
    ["an empty variable", { envVar: "", relay: { dialTarget: "unix:///a" } }, "env_var"],
    ["no relay", { envVar: "A" }, "relay.dial_target is missing"],
    ["an unknown scheme", { envVar: "A", relay: { dialTarget: "https://a:1" } }, 'has the scheme "https"'],
    ["a bare path", { envVar: "A", relay: { dialTarget: "/a" } }, "write unix:///a"],
  ])("BIND-5: %s is INVALID_ARGUMENT", async (_, request, text) => {
    const provider = await startRuntime(await testDirectory());
    const sessionId = await startSession(provider);
    const { code, message } = await refusal(provider.runtime.bindHostService({ sessionId, ...request }));
    expect({ code, message }).toEqual({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(text) as string,
    });
  });

  it("BIND-5, PLUG-6: binding or starting again after the start is FAILED_PRECONDITION, and the plugin runs on", async () => {
    const provider = await startRuntime(await testDirectory());
    const plugin = await startPlugin(provider);
    const { sessionId } = plugin;
    expect(
      await refusal(
        provider.runtime.bindHostService({ sessionId, envVar: "A", relay: { dialTarget: "unix:///a" } }),
      ),
    ).toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(
      await refusal(provider.runtime.startPlugin({ sessionId, pluginName: "example", command: "/bin/true" })),
    ).toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(await plugin.execute("echo", { a: 1 })).toEqual({ a: 1 });
  });

  it("SESS-6: unknown ids are NOT_FOUND, empty ones INVALID_ARGUMENT", async () => {
    const { runtime } = await startRuntime(await testDirectory());
    const relay = { dialTarget: "unix:///a" };
    for (const [sessionId, code] of [
      ["s-none", "NOT_FOUND"],
      ["", "INVALID_ARGUMENT"],
    ] as const) {
      for (const call of [
        runtime.getSession({ sessionId }),
        runtime.bindHostService({ sessionId, envVar: "A", relay }),
        runtime.startPlugin({ sessionId, command: "/bin/true" }),
      ])
        expect(await refusal(call)).toMatchObject({ code });
    }
    await runtime.stopSession({ sessionId: "s-none" });
  });

  it("SESS-7: lists each live session once, in bytewise order", async () => {
    const provider = await startRuntime(await testDirectory());
    const ids = await Promise.all(Array.from({ length: 5 }, () => startSession(provider)));
    const { sessions } = await provider.runtime.listSessions();
    expect(sessions.map(({ id }) => id)).toEqual([...ids].sort());
  });

  it.each(["image", "template"])(
    "SESS-3: an %s, which it has not, is refused with the field to change",
    async (field) => {
      const { runtime } = await startRuntime(await testDirectory());
      expect(await refusal(runtime.startSession({ pluginName: "example", [field]: "small" }))).toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(
          `^(StartSession: )?plugins\\.example\\.execution\\.runtime\\.${field} names .*: add it to runtime\\.providers\\.process\\.config\\.${field}s`,
        ) as string,
      });
    },
  );

  it("SESS-9, SESS-12: a session ends by the runtime's own clock, and its plugin with it", async () => {
    const provider = await startRuntime(await testDirectory(), { sessionLifetimeMs: 2_000 });
    const { sessionId, execute } = await startPlugin(provider);
    const { pid } = await execute("processes");
    const { lifecycle } = await provider.runtime.getSession({ sessionId });
    const [start, drain, end] = [
      lifecycle?.startedAt,
      lifecycle?.recommendedDrainAt,
      lifecycle?.expiresAt,
    ].map((time) => Number(time?.seconds) * 1_000 + (time?.nanos ?? 0) / 1_000_000);
    expect([(drain ?? 0) - (start ?? 0), (end ?? 0) - (start ?? 0)]).toEqual([1_000, 2_000]);
    await expect
      .poll(async () => (await provider.runtime.getSession({ sessionId })).state, { timeout: 5_000 })
      .toBe("stopped");
    await expect.poll(() => isAlive(Number(pid))).toBe(false);
  });

  it.each([
    ["exit", { code: 0 }, "stopped", "the plugin exited with code 0"],
    ["exit", { code: 7 }, "failed", "the plugin exited with code 7"],
    ["exit", { code: 137 }, "failed", "the plugin exited with code 137"],
    ["crash", { how: "SIGSEGV" }, "failed", "the plugin was ended by the signal SIGSEGV"],
    ["crash", { how: "SIGKILL" }, "failed", "the plugin was ended by the signal SIGKILL"],
  ] as const)("SESS-10: after %s %j the session is %s", async (operation, params, state, stateMessage) => {
    const provider = await startRuntime(await testDirectory());
    const { sessionId, execute } = await startPlugin(provider);
    await execute(operation, { ...params, answerFirst: true });
    await expect
      .poll(() => provider.runtime.getSession({ sessionId }))
      .toMatchObject({ state, stateMessage });
  });

  it("LIFE-2, LIFE-3: a config with three mistakes names all three, and a right one is then taken", async () => {
    const directory = await testDirectory();
    await using provider = await startProvider({
      command: program,
      name: "process",
      tmpDir: directory,
      operatorEnv: { PATH: process.env.PATH, TMPDIR: directory },
    });
    const configure = (config: Record<string, string | number>): Promise<unknown> =>
      provider.lifecycle.configureProvider({ name: "process", config, protocolVersion: 3 });
    const { code, message } = await refusal(
      configure({ maxSessions: 0, containment: "magic", staetDir: "/x" }),
    );
    expect(code).toBe("INVALID_ARGUMENT");
    for (const path of [
      "/maxSessions must be >= 1",
      '/containment must be one of ["auto",',
      "/staetDir is not a known field",
    ])
      expect(message).toContain(path);
    await configure({ maxSessions: 1 });
    await provider.runtime.startSession({ pluginName: "a" });
    expect(await refusal(provider.runtime.startSession({ pluginName: "b" }))).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
    });
  });
});
