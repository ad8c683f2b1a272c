import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { createLogForwarder } from "../../src/logs/index.js";
import type { CallContext } from "../../src/provider/context.js";
import type { PluginRuntimeProvider } from "../../src/provider/provider.js";
import type { Session, StartPluginRequest } from "../../src/provider/types.js";
import { createSessionRuntime, type SessionLimits } from "../../src/sessions/index.js";
import { FakeBackend, gate } from "./fake-backend.js";

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function context(signal = new AbortController().signal): CallContext {
  return { method: "test", signal, deadline: undefined, logger: silent };
}

interface Subject {
  readonly backend: FakeBackend;
  readonly provider: Required<
    Pick<PluginRuntimeProvider, "bindHostService" | "listSessions" | "close" | "healthCheck">
  > &
    PluginRuntimeProvider;
  readonly lines: string[];
  readonly start: (metadata?: Record<string, string>) => Promise<Session>;
  readonly get: (id: string) => Session | undefined;
  readonly plugin: (
    id: string,
    changes?: Partial<StartPluginRequest>,
    signal?: AbortSignal,
  ) => Promise<{ id: string; dialTarget: string }>;
}

const open: Subject[] = [];

async function subject(backend = new FakeBackend(), limits: SessionLimits = {}): Promise<Subject> {
  const lines: string[] = [];
  const provider = createSessionRuntime(() => backend, {
    limits: { startSessionWaitMs: 2_000, ...limits },
    logs: createLogForwarder({ fallback: (line) => lines.push(line) }),
  }) as Subject["provider"];
  await provider.configure?.({}, { ...context(), name: "fake" });
  const made: Subject = {
    backend,
    provider,
    lines,
    start: async (metadata = { provider_name: "example" }) =>
      provider.startSession({ pluginName: "example", metadata }, context()),
    get: (id) => provider.getSession(id, context()) as Session | undefined,
    plugin: async (id, changes = {}, signal) =>
      provider.startPlugin(
        {
          sessionId: id,
          pluginName: "example",
          command: "/bin/x",
          args: [],
          env: {},
          allowedHosts: [],
          defaultAction: "",
          hostBinary: "",
          ...changes,
        },
        context(signal),
      ),
  };
  open.push(made);
  return made;
}

afterEach(async () => {
  for (const { provider, backend } of open.splice(0)) {
    await provider.close();
    await expect.poll(() => backend.guests.size).toBe(0);
  }
});

describe("sessions", () => {
  it("SESS-1, SESS-2: returns a new id each time and gives the metadata back unchanged", async () => {
    const { start, get } = await subject();
    const metadata = { provider_name: "example", provider_kind: "plugin", "": "empty key", päth: "a\nb" };
    const ids = new Set<string>();
    for (let i = 0; i < 20; i += 1) {
      const session = await start(metadata);
      expect(session).toMatchObject({ state: "ready", metadata });
      expect(get(session.id)?.metadata).toEqual(metadata);
      ids.add(session.id);
    }
    expect(ids.size).toBe(20);
  });

  it("SESS-5, SESS-4: answers pending while the guest is made, and from memory", async () => {
    const backend = new FakeBackend();
    const held = gate();
    backend.beforeCreate = () => held.promise;
    const { start, get } = await subject(backend, { startSessionWaitMs: 1 });
    const { id, state } = await start();
    expect(state).toBe("pending");
    for (let i = 0; i < 1_000; i += 1) expect(get(id)?.state).toBe("pending");
    expect(backend.calls).toEqual(["create"]);
    held.open();
    await expect.poll(() => get(id)?.state).toBe("ready");
  });

  it("SESS-4: a guest that can't be made turns the session failed, with reason and message, in the log too", async () => {
    const backend = new FakeBackend();
    const held = gate();
    backend.beforeCreate = async () => {
      await held.promise;
      throw new Error("the quota is used up");
    };
    const { start, get, lines, provider } = await subject(backend, { startSessionWaitMs: 1 });
    const { id } = await start();
    held.open();
    await expect.poll(() => get(id)?.state).toBe("failed");
    expect(get(id)).toMatchObject({
      stateReason: "create",
      stateMessage: "creating the guest: the quota is used up",
    });
    expect(await provider.listSessions(context())).toMatchObject([{ id, state: "failed" }]);
    await expect
      .poll(() => lines.join("\n"))
      .toContain("the session failed: creating the guest: the quota is used up");
  });

  it("SESS-4: a guest that can't be made at once is StartSession's own error, and leaves no session", async () => {
    const backend = new FakeBackend();
    backend.beforeCreate = () => Promise.reject(new Error("no disk"));
    const { start, provider } = await subject(backend);
    await expect(start()).rejects.toThrow("creating the guest: no disk");
    expect(await provider.listSessions(context())).toEqual([]);
  });

  it("SESS-4: creating has a limit; what arrives late is destroyed", async () => {
    const backend = new FakeBackend();
    const held = gate();
    backend.beforeCreate = () => held.promise;
    const { start, get } = await subject(backend, { startSessionWaitMs: 1, createTimeoutMs: 20 });
    const { id } = await start();
    await expect.poll(() => get(id)?.state).toBe("failed");
    expect(get(id)?.stateMessage).toContain("did not end within 20 ms");
    held.open();
    await expect.poll(() => backend.calls.filter((call) => call === "destroy").length).toBe(1);
    await expect.poll(() => backend.guests.size).toBe(0);
  });

  it("SESS-3: refuses what the runtime needs and did not get, and what it has not", async () => {
    const needy = new FakeBackend();
    needy.traits = { ...needy.traits, needs: "image" };
    await expect((await subject(needy)).start()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("set plugins.example.execution.runtime.image") as string,
    });
    const plain = new FakeBackend();
    plain.traits = { ...plain.traits, accepts: [] };
    const { provider } = await subject(plain);
    await expect(
      provider.startSession({ pluginName: "example", metadata: {}, template: "small" }, context()),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("remove plugins.example.execution.runtime.template") as string,
    });
  });

  it("SESS-6: bind and start of an unknown session are NOT_FOUND", async () => {
    const { provider, plugin, get } = await subject();
    expect(get("s-none")).toBeUndefined();
    await expect(plugin("s-none")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(() =>
      provider.bindHostService({ sessionId: "s-none", envVar: "A", relayTarget: "unix:///a" }, context()),
    ).toThrow(/no session/);
  });

  it("SESS-8: stopping is idempotent, joins a stop under way, and leaves nothing", async () => {
    const { provider, start, plugin, get, backend } = await subject();
    const { id } = await start();
    await plugin(id);
    await Promise.all([provider.stopSession(id, context()), provider.stopSession(id, context())]);
    await provider.stopSession(id, context());
    await provider.stopSession("never-was", context());
    expect(get(id)).toBeUndefined();
    expect(backend.guests.size).toBe(0);
    expect(backend.calls.filter((call) => call === "destroy")).toHaveLength(1);
  });

  it("SESS-8: a stuck destroy does not hold the answer, and is repeated until the guest is gone", async () => {
    const backend = new FakeBackend();
    const held = gate();
    let attempts = 0;
    backend.beforeDestroy = async () => {
      attempts += 1;
      if (attempts === 1) throw new Error("the cloud is busy");
      await held.promise;
    };
    const { provider, start, get } = await subject(backend, { stopTimeoutMs: 50 });
    const { id } = await start();
    await provider.stopSession(id, context());
    expect(get(id)?.state).toBe("stopped");
    expect(await provider.listSessions(context())).toEqual([]);
    held.open();
    await expect.poll(() => backend.guests.size, { timeout: 10_000 }).toBe(0);
    await expect.poll(() => get(id)).toBeUndefined();
  });

  it("SESS-7: lists failed sessions, not stopped ones", async () => {
    const { provider, start, plugin, backend } = await subject();
    const [a, b] = [await start(), await start()];
    await plugin(a.id);
    await plugin(b.id);
    backend.plugins[0]?.end({ how: "exit", code: 1 });
    backend.plugins[1]?.end({ how: "exit", code: 0 });
    await expect
      .poll(async () => await provider.listSessions(context()))
      .toMatchObject([{ id: a.id, state: "failed" }]);
  });

  it("SESS-9: lifecycle times are in order, and left out without a lifetime", async () => {
    expect((await (await subject()).start()).lifecycle).toEqual({ startedAt: expect.any(Date) as Date });
    const { lifecycle } = await (
      await subject(new FakeBackend(), { lifetimeMs: 60_000, drainLeadMs: 40_000 })
    ).start();
    const times = [lifecycle?.startedAt, lifecycle?.recommendedDrainAt, lifecycle?.expiresAt].map(
      (date) => date?.getTime() ?? 0,
    );
    expect(times.map((ms) => ms - (times[0] ?? 0))).toEqual([0, 30_000, 60_000]);
  });

  it("SESS-9, SESS-12: a session expires by the runtime's own clock", async () => {
    const { start, plugin, get, backend } = await subject(new FakeBackend(), { lifetimeMs: 300 });
    const { id } = await start();
    await plugin(id);
    await expect.poll(() => backend.guests.size).toBe(0);
    expect(get(id)).toMatchObject({ state: "stopped", stateReason: "expired" });
  });

  it.each([
    [{ how: "exit", code: 0 }, "stopped", "exited", "the plugin exited with code 0"],
    [{ how: "exit", code: 137 }, "failed", "exited", "the plugin exited with code 137"],
    [
      { how: "signal", signal: "SIGKILL" },
      "failed",
      "signalled",
      "the plugin was ended by the signal SIGKILL",
    ],
  ] as const)("SESS-10: after %j the session is %s", async (ended, state, stateReason, stateMessage) => {
    const { start, plugin, get, backend, lines } = await subject();
    const { id } = await start();
    await plugin(id);
    backend.plugins[0]?.end(ended);
    await expect.poll(() => get(id)).toMatchObject({ state, stateReason, stateMessage });
    // Nothing waits for the host's StopSession (SESS-12), and the log says it too.
    await expect.poll(() => backend.guests.size).toBe(0);
    await expect.poll(() => lines.join("\n")).toContain(stateMessage);
  });

  it("SESS-11: of two StartPlugin at once one is refused, and there is one guest", async () => {
    const { start, plugin, backend } = await subject();
    const { id } = await start();
    const outcomes = await Promise.allSettled([plugin(id), plugin(id)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(outcomes[1]).toMatchObject({ reason: { code: "FAILED_PRECONDITION" } });
    expect(backend.calls).toEqual(["create", "launch"]);
    expect(backend.guests.size).toBe(1);
  });

  it.each(["launch", "readiness"])("SESS-11: stop during StartPlugin wins, in %s", async (phase) => {
    const backend = new FakeBackend();
    const held = gate();
    if (phase === "launch") backend.beforeLaunch = () => held.promise;
    else backend.listens = false;
    const { provider, start, plugin, get } = await subject(backend);
    const { id } = await start();
    const starting = plugin(id).catch((error: unknown) => error);
    await expect.poll(() => backend.calls).toContain("launch");
    expect(get(id)?.state).toBe("ready");
    await provider.stopSession(id, context());
    expect(await starting).toMatchObject({
      code: "CANCELLED",
      message: expect.stringContaining("was stopped") as string,
    });
    expect(get(id)).toBeUndefined();
    held.open();
    await expect.poll(() => backend.calls.at(-1)).toBe("destroy");
    await expect.poll(() => backend.guests.size).toBe(0);
  });

  it("SESS-13: a StartSession that is cancelled leaves no session, also when the guest arrives late", async () => {
    const backend = new FakeBackend();
    const held = gate();
    backend.beforeCreate = () => held.promise;
    const { provider } = await subject(backend);
    const cancel = new AbortController();
    const starting = provider.startSession({ pluginName: "example", metadata: {} }, context(cancel.signal));
    await expect.poll(() => backend.calls).toEqual(["create"]);
    cancel.abort(new Error("the host cancelled"));
    await expect(starting).rejects.toThrow("the host cancelled");
    expect(await provider.listSessions(context())).toEqual([]);
    held.open();
    await expect.poll(() => backend.calls).toEqual(["create", "destroy"]);
    await expect.poll(() => backend.guests.size).toBe(0);
  });

  it("SESS-13: a session that no call ever names is stopped; one that was named stays", async () => {
    const { start, get, provider, backend } = await subject(new FakeBackend(), { unclaimedTimeoutMs: 100 });
    const [lost, known] = [await start(), await start()];
    get(known.id);
    await expect
      .poll(async () => {
        // An admin's look at all sessions names none of them.
        await provider.listSessions(context());
        return backend.guests.size;
      })
      .toBe(1);
    expect(get(lost.id)).toBeUndefined();
    await delay(150);
    expect(await provider.listSessions(context())).toMatchObject([{ id: known.id }]);
  });

  it("SESS-1: past the limit StartSession is RESOURCE_EXHAUSTED, and a stop makes room", async () => {
    const { start, provider } = await subject(new FakeBackend(), { maxSessions: 2 });
    const { id } = await start();
    await start();
    await expect(start()).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    await provider.stopSession(id, context());
    await start();
  });
});

describe("bindings", () => {
  it("BIND-1, BIND-4: each binding has an id of its own, and a later one replaces an earlier", async () => {
    const { provider, start, plugin, backend } = await subject();
    const { id } = await start();
    const bind = (envVar: string, relayTarget: string): { id: string } =>
      provider.bindHostService({ sessionId: id, envVar, relayTarget }, context()) as { id: string };
    const ids = [
      bind("ANY_NAME", "unix:///a.sock"),
      bind("ANY_NAME", "unix:///b.sock"),
      bind("R", "tls://h:443"),
    ];
    expect(new Set(ids.map((binding) => binding.id)).size).toBe(3);
    await plugin(id);
    // BIND-2: a bare path; BIND-3: unchanged.
    expect(backend.plugins[0]?.request.env).toMatchObject({ ANY_NAME: "/b.sock", R: "tls://h:443" });
  });

  it("BIND-5: after the plugin has started it is FAILED_PRECONDITION", async () => {
    const { provider, start, plugin } = await subject();
    const { id } = await start();
    await plugin(id);
    expect(() =>
      provider.bindHostService({ sessionId: id, envVar: "A", relayTarget: "unix:///a" }, context()),
    ).toThrow(/has been started; bind before StartPlugin/);
  });
});

describe("StartPlugin", () => {
  it("PLUG-4, PLUG-5: returns when the plugin accepts HTTP/2, with its dial target", async () => {
    const { start, plugin, get } = await subject();
    const { id } = await start();
    const started = await plugin(id);
    expect(started.dialTarget).toMatch(/^unix:\/\/\/.*p\.sock$/);
    expect(started.id).toMatch(/^p-/);
    expect(get(id)?.state).toBe("running");
  });

  it("PLUG-2, PLUG-3: the environment is base, request, bindings, listener; later ones win; nothing else", async () => {
    process.env.PLANTED_SECRET = "s3cret";
    const { provider, start, plugin, backend } = await subject();
    const { id } = await start();
    await provider.bindHostService(
      { sessionId: id, envVar: "BOUND", relayTarget: "unix:///bound" },
      context(),
    );
    await plugin(id, {
      env: {
        BOUND: "request",
        PATH: "/request",
        GESTALT_PLUGIN_SOCKET: "x",
        GESTALT_OTHER: "kept",
        GESTALT_PLUGIN_PARENT_PID: "1",
      },
    });
    delete process.env.PLANTED_SECRET;
    const env = backend.plugins[0]?.request.env ?? {};
    expect(env).toMatchObject({
      BOUND: "/bound",
      PATH: "/request",
      GESTALT_OTHER: "kept",
      GESTALT_PLUGIN_NAME: "example",
    });
    expect(env.GESTALT_PLUGIN_SOCKET).toMatch(/p\.sock$/);
    const allowed = [
      "BOUND",
      "PATH",
      "LANG",
      "TZ",
      "SSL_CERT_FILE",
      "SSL_CERT_DIR",
      "HOME",
      "GESTALT_OTHER",
      "GESTALT_PLUGIN_NAME",
      "GESTALT_PLUGIN_SOCKET",
    ];
    expect(Object.keys(env).filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it("PLUG-1, PLUG-8: command, args and host binary reach the backend as given", async () => {
    const { start, plugin, backend } = await subject();
    const { id } = await start();
    const args = ["a b", "", "$HOME", "'\"", "ünï\n"];
    await plugin(id, { command: " x y", args, hostBinary: "/helper" });
    expect(backend.plugins[0]?.request).toMatchObject({ command: " x y", args, hostBinary: "/helper" });
  });

  it("PLUG-6: while the session is pending, and a second time, it is FAILED_PRECONDITION", async () => {
    const backend = new FakeBackend();
    const held = gate();
    backend.beforeCreate = () => held.promise;
    const { start, plugin, get } = await subject(backend, { startSessionWaitMs: 1 });
    const { id } = await start();
    await expect(plugin(id)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("not ready yet") as string,
    });
    held.open();
    await expect.poll(() => get(id)?.state).toBe("ready");
    await plugin(id);
    await expect(plugin(id)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("has a plugin already") as string,
    });
    expect(get(id)?.state).toBe("running");
  });

  it("PLUG-6: a plugin that ends before it listens fails at once, with its exit code and last stderr lines", async () => {
    const backend = new FakeBackend();
    backend.listens = false;
    const { start, plugin, get } = await subject(backend);
    const { id } = await start();
    const starting = plugin(id).catch((error: unknown) => error);
    await expect.poll(() => backend.plugins.length).toBe(1);
    await backend.plugins[0]?.request.io.write("stderr", Buffer.from("warming up\nno licence found\n"));
    backend.plugins[0]?.end({ how: "exit", code: 7 });
    expect(await starting).toMatchObject({
      code: "FAILED_PRECONDITION",
      message:
        "the plugin exited with code 7 before it accepted gRPC connections; the last lines of its stderr:\nwarming up\nno licence found",
    });
    expect(get(id)).toMatchObject({ state: "failed", stateReason: "start" });
    expect(backend.guests.size).toBe(0);
  });

  it("PLUG-6: a plugin that never listens fails at the limit, and says what was seen", async () => {
    const backend = new FakeBackend();
    backend.listens = false;
    const { start, plugin, get } = await subject(backend, { readyTimeoutMs: 50 });
    const { id } = await start();
    await expect(plugin(id)).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: "the plugin never listened on the socket in GESTALT_PLUGIN_SOCKET within 50 ms",
    });
    expect(get(id)?.state).toBe("failed");
    expect(backend.guests.size).toBe(0);
  });

  it("PLUG-7: cancelled halfway it leaves no process and the session is failed", async () => {
    const backend = new FakeBackend();
    backend.listens = false;
    const { start, plugin, get } = await subject(backend);
    const { id } = await start();
    const cancel = new AbortController();
    const starting = plugin(id, {}, cancel.signal).catch((error: unknown) => error);
    await expect.poll(() => backend.plugins.length).toBe(1);
    cancel.abort(Object.assign(new Error("cancelled"), { name: "AbortError" }));
    expect(await starting).toMatchObject({ code: "CANCELLED" });
    expect(get(id)).toMatchObject({ state: "failed", stateReason: "cancelled" });
    expect(backend.guests.size).toBe(0);
  });
});

describe("the whole runtime", () => {
  it("PROC-6, PROC-8: closing destroys all sessions at once, overtaking a slow stop", async () => {
    const backend = new FakeBackend();
    const { provider, start, plugin } = await subject(backend);
    const ids = await Promise.all(Array.from({ length: 20 }, () => start()));
    await Promise.all(ids.slice(0, 10).map(({ id }) => plugin(id)));
    const held = gate();
    let slow = true;
    backend.beforeDestroy = () => (slow ? held.promise : Promise.resolve());
    void provider.stopSession(ids[0]?.id ?? "", context());
    await expect.poll(() => backend.calls.filter((call) => call === "destroy").length).toBe(1);
    slow = false;
    await provider.close();
    expect(backend.guests.size).toBe(0);
    held.open();
  });

  it("SUP-1, SUP-2, LIFE-1, PROC-10: says from its traits what it can do, and why it can't host", async () => {
    const { provider } = await subject();
    expect(await provider.getSupport(context())).toEqual({
      canHostPlugins: true,
      hostServiceAccess: "direct",
      egressMode: "none",
    });
    const boxed = new FakeBackend();
    boxed.traits = {
      ...boxed.traits,
      cannotHost: "plugins can't be started here; remove egress.allowedHosts",
    };
    const { provider: other, start } = await subject(boxed);
    expect(await other.getSupport(context())).toMatchObject({ canHostPlugins: false });
    expect(other.identity?.warnings).toEqual(["plugins can't be started here; remove egress.allowedHosts"]);
    const warned = new FakeBackend();
    warned.traits = { ...boxed.traits, warnings: ["limits can't be kept here"] };
    expect((await subject(warned)).provider.identity?.warnings).toEqual([
      "limits can't be kept here",
      "plugins can't be started here; remove egress.allowedHosts",
    ]);
    expect(await other.healthCheck(context())).toMatchObject({ ready: false });
    await expect(start()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });
});
