import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeGestaltd, startGestaltd, type GestaltdOptions, type HostCall } from "../../src/host/index.js";
import { TestDirectory, fixture, processesWith } from "./fixtures.js";
import { PluginServer } from "./plugin-server.js";

describe("a fake gestaltd", () => {
  let directory: TestDirectory;
  let sockets: TestDirectory;
  let plugin: PluginServer;

  beforeEach(async () => {
    directory = await TestDirectory.make();
    sockets = await TestDirectory.make();
    plugin = await PluginServer.listen(`unix:${join(sockets.path, "p.sock")}`);
  });

  afterEach(async () => {
    await plugin[Symbol.asyncDispose]();
    await sockets[Symbol.asyncDispose]();
    expect(await processesWith(directory.path)).toEqual([]);
    expect(await directory.left()).toEqual([]);
    await directory[Symbol.asyncDispose]();
  });

  const options = (mode: string, plugins: readonly string[]): GestaltdOptions => ({
    runtimeProviders: {
      odd: {
        command: fixture("odd-provider"),
        args: [mode],
        config: { dialTarget: `unix://${join(sockets.path, "p.sock")}` },
      },
    },
    plugins: Object.fromEntries(plugins.map((name) => [name, { command: "/opt/plugin" }])),
    tmpDir: directory.path,
  });

  const methods = (calls: readonly HostCall[]): readonly string[] =>
    calls.map(({ method }) => method.slice(method.indexOf("/") + 1));

  const inFlight = (gestaltd: FakeGestaltd, method: string): Promise<void> =>
    vi.waitFor(
      () => expect(gestaltd.trace.calls.some((call) => call.method.endsWith(method))).toBe(true),
      10_000,
    );

  it("PROC-9: starts one instance per plugin at once, keeps the first, ends the others before any GetSupport", async () => {
    await using gestaltd = await startGestaltd(options("serves", ["a", "b", "c", "d", "e"]));
    const { calls, events } = gestaltd.trace;
    const instances = [1, 2, 3, 4, 5];
    const spawned = events.filter(({ type }) => type === "spawned").map(({ instance }) => instance);
    expect(spawned.sort()).toEqual(instances);

    const kept = instances.filter((instance) =>
      calls.some((call) => call.instance === instance && call.method.endsWith("/GetSupport")),
    );
    expect(kept).toHaveLength(1);
    for (const instance of instances.filter((other) => !kept.includes(other))) {
      expect(methods(calls.filter((call) => call.instance === instance))).toEqual([
        "GetProviderIdentity",
        "ConfigureProvider",
        "GetProviderIdentity",
      ]);
      const ends = events.filter((event) => event.instance === instance).slice(2);
      expect(ends).toMatchObject([
        { type: "signal", signal: "SIGTERM" },
        { type: "exited", code: 0, signal: null },
      ]);
    }
    for (const name of ["a", "b", "c", "d", "e"])
      expect(await gestaltd.execute(name, `op of ${name}`)).toEqual({ status: 200, body: `op of ${name}` });
  });

  it("PROC-9: a failed start is not remembered: the next plugin spawns again", async () => {
    await using gestaltd = new FakeGestaltd(options("exits", []));
    for (const name of ["a", "b"])
      expect(await gestaltd.host(name, { command: "/opt/plugin" })).toMatchObject({
        status: "skipped",
        failure: "exited-before-serving",
      });
    expect(gestaltd.trace.events.filter(({ type }) => type === "spawned")).toHaveLength(2);
    expect(() => gestaltd.plugin("a")).toThrow('the plugin "a" is not hosted: the provider exited');
  });

  it("LIFE-3: a provider that refuses its config is ended and its plugins are skipped; the host stays up", async () => {
    await using gestaltd = await startGestaltd(options("refuses-config", ["a"]));
    expect(gestaltd.outcomes.get("a")).toMatchObject({ failure: "configure-refused" });
    expect(gestaltd.trace.events.at(-2)).toMatchObject({ type: "exited", code: 0 });
    expect(await gestaltd.admin.providers()).toMatchObject([{ name: "odd", loaded: false }]);
  });

  it("PROC-6: stops sessions one after the other by name, closes the log host, then SIGTERM", async () => {
    const output: string[] = [];
    const gestaltd = await startGestaltd({
      ...options("logs-at-the-end", ["zeta", "alpha"]),
      onOutput: (chunk) => output.push(chunk.toString()),
    });
    // In names' order even for one that came last.
    await gestaltd.host("mid", { command: "/opt/plugin" });
    expect(await gestaltd.stop()).toMatchObject({ odd: { code: 0, signal: null, killed: false } });
    const stops = gestaltd.trace.calls.filter(({ method }) => method.endsWith("/StopSession"));
    expect(stops.map(({ request }) => request)).toEqual([
      { sessionId: "alpha" },
      { sessionId: "mid" },
      { sessionId: "zeta" },
    ]);
    expect(stops.map(({ deadlineMs }) => deadlineMs)).toEqual([3_000, 3_000, 3_000]);
    for (const [index, { startedAtMs }] of stops.slice(1).entries()) {
      const { startedAtMs: before = 0, durationMs = Infinity } = stops[index] ?? {};
      expect(startedAtMs).toBeGreaterThanOrEqual(before + durationMs);
    }
    // The survivor's SIGTERM comes after the last answer; by then its log host is gone (LOGS-6).
    const last = stops.at(-1);
    const term = gestaltd.trace.events.findLast(({ type }) => type === "signal");
    expect(term?.atMs).toBeGreaterThanOrEqual((last?.startedAtMs ?? Infinity) + (last?.durationMs ?? 0));
    expect(output).toEqual(output.map(() => "UNAVAILABLE\n"));
    expect(output.length).toBeGreaterThan(0);
  });

  it("SESS-13: told to end during StartSession, it cancels the call and stops nothing", async () => {
    const gestaltd = new FakeGestaltd(options("hangs-in-start-session", ["a"]));
    const started = gestaltd.start();
    await inFlight(gestaltd, "/StartSession");
    await gestaltd.stop();
    await started;
    expect(gestaltd.outcomes.get("a")).toMatchObject({ status: "skipped", failure: "stopped" });
    expect(gestaltd.trace.calls.at(-1)).toMatchObject({
      method: "PluginRuntimeProvider/StartSession",
      outcome: { code: "CANCELLED" },
    });
    await expect(gestaltd.host("b", { command: "/opt/plugin" })).rejects.toMatchObject({
      failure: "stopped",
    });
  });

  it("PLUG-7: told to end during StartPlugin, it cancels the call and stops the session", async () => {
    const gestaltd = new FakeGestaltd(options("hangs-in-start-plugin", ["a"]));
    const started = gestaltd.start();
    await inFlight(gestaltd, "/StartPlugin");
    await gestaltd.stop();
    await started;
    expect(gestaltd.trace.calls.slice(-2)).toMatchObject([
      { method: "PluginRuntimeProvider/StartPlugin", outcome: { code: "CANCELLED" } },
      { method: "PluginRuntimeProvider/StopSession", deadlineMs: 3_000, outcome: { code: "OK" } },
    ]);
  });

  it("a signal ends the start; the promise rejects once nothing is left", async () => {
    const abort = new AbortController();
    const started = startGestaltd({
      ...options("hangs-in-start-session", ["a"]),
      signal: abort.signal,
      onEvent: ({ type }) => type === "ready" && abort.abort(),
    });
    await expect(started).rejects.toMatchObject({ failure: "stopped" });
    expect(await directory.left()).toEqual([]);
  });

  it("stops once, however often it is told", async () => {
    const gestaltd = await startGestaltd(options("serves", ["a"]));
    const [one, two] = await Promise.all([gestaltd.stop(), gestaltd.stop()]);
    expect(one).toBe(two);
    expect(methods(gestaltd.trace.calls).filter((method) => method === "StopSession")).toHaveLength(1);
  });
});
