import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  startGestaltd,
  type FakeGestaltd,
  type GestaltdOptions,
  type HostCall,
  type PoolOptions,
} from "../../src/host/index.js";
import { TestDirectory, fixture, processesWith } from "../host/fixtures.js";

const pool: PoolOptions = { healthCheckIntervalMs: 200, startupTimeoutMs: 20_000, drainTimeoutMs: 300 };

describe("an agent's pool", () => {
  let directory: TestDirectory;
  beforeEach(async () => {
    directory = await TestDirectory.make();
  });
  afterEach(async () => {
    expect(await processesWith(directory.path)).toEqual([]);
    expect(await directory.left()).toEqual([]);
    await directory[Symbol.asyncDispose]();
  });

  /** A pool on the provider `pooled-sessions`, which does what its config says. */
  const options = (config: Record<string, string | number>, more: PoolOptions = {}): GestaltdOptions => ({
    runtimeProviders: { pooled: { command: fixture("pooled-sessions"), config } },
    agents: { a: { command: "/opt/agent", pool: { ...pool, ...more } } },
    tmpDir: directory.path,
    operatorEnv: { ...process.env, TMPDIR: directory.path },
  });

  const callsOf = (gestaltd: FakeGestaltd, method: string, sessionId?: string): readonly HostCall[] =>
    gestaltd.trace.calls.filter(
      (call) =>
        call.method.endsWith(`/${method}`) &&
        (sessionId === undefined || (call.request as { sessionId?: string }).sessionId === sessionId),
    );
  const until = (condition: () => void): Promise<void> =>
    vi.waitFor(condition, { timeout: 20_000, interval: 20 });

  it("HOST: starts as many as are to be ready, every call with what is left of the startup timeout", async () => {
    await using gestaltd = await startGestaltd(options({}, { minReadyInstances: 2, maxReadyInstances: 3 }));
    expect(gestaltd.agent("a").sessionIds).toHaveLength(2);
    const [plan, ...others] = gestaltd.trace.calls.filter(({ method }) => method.startsWith("PluginRuntime"));
    expect(plan).toMatchObject({ method: "PluginRuntimeProvider/GetSupport" });
    expect(plan?.deadlineMs).toBeUndefined();
    const starts = others.filter(({ deadlineMs = 0 }) => deadlineMs > 1_000);
    expect(starts.map(({ method }) => method.replace(/.*\//, "")).sort()).toEqual(
      [
        "BindHostService",
        "BindHostService",
        "GetSession",
        "GetSession",
        "StartPlugin",
        "StartPlugin",
        "StartSession",
        "StartSession",
      ].sort(),
    );
    for (const { deadlineMs = Infinity } of starts) expect(deadlineMs).toBeLessThanOrEqual(20_000);
    const toAgents = gestaltd.trace.calls.filter(({ to }) => to === "plugin");
    expect(toAgents.map(({ method }) => method).sort()).toEqual(
      [
        "ConfigureProvider",
        "ConfigureProvider",
        "GetProviderIdentity",
        "GetProviderIdentity",
        "GetProviderIdentity",
        "GetProviderIdentity",
      ].map((name) => `ProviderLifecycle/${name}`),
    );
    const [session] = callsOf(gestaltd, "StartSession");
    expect(session?.request).toMatchObject({ metadata: { provider_kind: "agent", provider_name: "a" } });
    expect(callsOf(gestaltd, "BindHostService")[0]?.request).toMatchObject({
      envVar: "GESTALT_AGENT_HOST_SOCKET",
    });
  });

  it("SESS-12: looks at each instance once per interval, with that as deadline, 10 s at most; never: with none", async () => {
    for (const [more, deadlineMs] of [
      [{}, 200],
      [{ restartPolicy: "never" }, undefined],
    ] as const) {
      await using gestaltd = await startGestaltd(options({}, more));
      const [id = ""] = gestaltd.agent("a").sessionIds;
      await until(() => expect(callsOf(gestaltd, "GetSession", id).length).toBeGreaterThan(3));
      for (const look of callsOf(gestaltd, "GetSession", id).slice(1))
        expect(look.deadlineMs).toBe(deadlineMs);
    }
    await using slow = await startGestaltd({ ...options({}), times: { healthCheckMs: 50 } });
    const [id = ""] = slow.agent("a").sessionIds;
    await until(() => expect(callsOf(slow, "GetSession", id)[1]?.deadlineMs).toBe(50));
  });

  it.each(["dies", "fails"])("SESS-12: replaces an instance whose session %s", async (how) => {
    await using gestaltd = await startGestaltd(options({ [how]: "s1" }));
    await until(() => expect(gestaltd.agent("a").sessionIds).toEqual(["s2"]));
    await until(() => expect(callsOf(gestaltd, "StopSession", "s1")).toHaveLength(1));
    expect(gestaltd.trace.events).toContainEqual(
      expect.objectContaining({ type: "agent-draining", sessionId: "s1" }),
    );
    // The one in its place is well, and stays.
    await until(() => expect(callsOf(gestaltd, "GetSession", "s2").length).toBeGreaterThan(3));
    expect(callsOf(gestaltd, "StartSession")).toHaveLength(2);
  });

  it("SESS-12: with restartPolicy never, an instance that fails is given up and not replaced", async () => {
    await using gestaltd = await startGestaltd(options({ fails: "s1" }, { restartPolicy: "never" }));
    await until(() => expect(callsOf(gestaltd, "StopSession", "s1")).toHaveLength(1));
    expect(gestaltd.agent("a").sessionIds).toEqual([]);
    await expect(gestaltd.agent("a").use(() => Promise.resolve())).rejects.toMatchObject({
      failure: "agent-not-hosted",
    });
    expect(callsOf(gestaltd, "StartSession")).toHaveLength(1);
  });

  it("SESS-9: a time that moves later is not believed; the next one is started before the old one is stopped", async () => {
    await using gestaltd = await startGestaltd(
      options({ drains: "s1", afterMs: 3_000, movesByMs: 3_600_000 }),
    );
    await until(() => expect(gestaltd.agent("a").sessionIds).toEqual(["s2"]));
    await until(() => expect(callsOf(gestaltd, "StopSession", "s1")[0]?.outcome?.code).toBe("OK"));
    const [stop] = callsOf(gestaltd, "StopSession", "s1");
    const ready = gestaltd.trace.events.find(
      (event) => event.type === "agent-ready" && event.sessionId === "s2",
    );
    expect(stop?.startedAtMs).toBeGreaterThan(ready?.atMs ?? Infinity);
    expect(callsOf(gestaltd, "GetSession", "s1").length).toBeGreaterThan(1);
  });

  it("SESS-9: a drain waits for work under way, and no longer than the drain timeout", async () => {
    await using gestaltd = await startGestaltd(
      options({ drains: "s1", afterMs: 300 }, { drainTimeoutMs: 60_000 }),
    );
    let finish = (): void => undefined;
    const work = gestaltd
      .agent("a")
      .use(({ sessionId }) => new Promise<string>((resolve) => (finish = () => resolve(sessionId))));
    await until(() => expect(gestaltd.agent("a").sessionIds).toEqual(["s2"]));
    await until(() => expect(callsOf(gestaltd, "GetSession", "s2").length).toBeGreaterThan(2));
    expect(callsOf(gestaltd, "StopSession", "s1")).toHaveLength(0);
    finish();
    expect(await work).toBe("s1");
    await until(() => expect(callsOf(gestaltd, "StopSession", "s1")).toHaveLength(1));

    await using hasty = await startGestaltd(options({ drains: "s1", afterMs: 300 }, { drainTimeoutMs: 100 }));
    void hasty.agent("a").use(() => new Promise(() => undefined));
    await until(() => expect(callsOf(hasty, "StopSession", "s1")).toHaveLength(1));
  });

  it("SESS-13: a start that takes longer than the startup timeout is cancelled, and ends the host", async () => {
    const calls: HostCall[] = [];
    await expect(
      startGestaltd({
        ...options({ hangs: "s1" }, { startupTimeoutMs: 500 }),
        onCall: (call) => calls.push(call),
      }),
    ).rejects.toMatchObject({ failure: "start-plugin", code: "DEADLINE_EXCEEDED" });
    expect(calls.find(({ method }) => method.endsWith("/StopSession"))).toMatchObject({
      request: { sessionId: "s1" },
      deadlineMs: 3_000,
      outcome: { code: "OK" },
    });
  });

  it("a pool that makes no sense is refused by name", async () => {
    for (const [wrong, message] of [
      [{ minReadyInstances: 0 }, "agents.a.pool.minReadyInstances is 0; give a whole number from 1 on"],
      [
        { minReadyInstances: 3, maxReadyInstances: 2 },
        "agents.a.pool.maxReadyInstances is 2, less than minReadyInstances (3)",
      ],
    ] as const)
      await expect(startGestaltd(options({}, wrong))).rejects.toThrow(message);
  });
});
