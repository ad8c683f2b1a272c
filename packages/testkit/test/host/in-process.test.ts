import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  createSessionRuntime,
  logForwarderFromEnvironment,
  type PluginRuntimeProvider,
} from "@gestalt-runtime/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixturePlugin } from "../../src/index.js";
import { startGestaltd, startProvider } from "../../src/host/index.js";
import { processGuests } from "../process-guests.js";
import { TestDirectory, fixture, processesWith } from "./fixtures.js";

const run = promisify(execFile);

/** A whole runtime that runs plugins as processes of this machine. */
function processRuntime(tmp: string, env: Readonly<Record<string, string>>): PluginRuntimeProvider {
  return createSessionRuntime(
    () => ({
      traits: { kind: "in-process", needs: "nothing", accepts: [], egress: "none", hostServices: "direct" },
      ...processGuests(join(tmp, "r-")),
    }),
    { logs: logForwarderFromEnvironment(env) },
  );
}

describe("a provider within this process", () => {
  let directory: TestDirectory;
  beforeEach(async () => {
    directory = await TestDirectory.make();
  });
  afterEach(async () => {
    expect(await processesWith(directory.path)).toEqual([]);
    expect(await directory.left()).toEqual([]);
    await directory[Symbol.asyncDispose]();
  });

  /** The least that a provider is. */
  const least = (methods: Partial<PluginRuntimeProvider> = {}): PluginRuntimeProvider => ({
    getSupport: () => ({ canHostPlugins: true }),
    startSession: ({ metadata }) => ({ id: "session-1", state: "ready", metadata }),
    getSession: (id) => ({ id, state: "running" }),
    stopSession: () => undefined,
    startPlugin: () => ({ id: "plugin-1", dialTarget: "unix:///run/p.sock" }),
    ...methods,
  });

  it("HOST: hosts a real plugin, one instance per plugin at first, with logs at the host and a clean end", async () => {
    const environments: string[][] = [];
    await using gestaltd = await startGestaltd({
      runtimeProviders: {
        own: {
          provider: (env) => {
            environments.push(Object.keys(env));
            return processRuntime(directory.path, env);
          },
        },
      },
      plugins: { a: fixturePlugin(), b: { ...fixturePlugin(), cache: ["main"] } },
      tmpDir: directory.path,
    });
    expect(environments).toHaveLength(2);
    expect(environments[0]).toContain("GESTALT_RUNTIME_LOG_SOCKET");
    expect(await gestaltd.execute("a", "echo", { a: 1 })).toEqual({ status: 200, body: '{"a":1}' });
    expect(await gestaltd.execute("b", "cache", { key: "k", value: "v" })).toMatchObject({ status: 200 });
    await gestaltd.execute("a", "log", { stdout: ["a line"] });
    const report = await gestaltd.stop();
    expect(report).toMatchObject({ own: { code: 0, signal: null, killed: false } });
    expect(gestaltd.trace.events.some((event) => event.type === "log-appended")).toBe(true);
  });

  it("HOST: an object is served once, however many plugins want it", async () => {
    let closed = 0;
    const provider = least({
      getSupport: () => ({ canHostPlugins: false }),
      close: () => void (closed += 1),
    });
    const gestaltd = await startGestaltd({
      runtimeProviders: { own: { provider } },
      plugins: { a: { command: "/opt/p" }, b: { command: "/opt/p" } },
      tmpDir: directory.path,
    });
    expect(gestaltd.trace.events.filter(({ type }) => type === "spawned")).toHaveLength(1);
    expect(gestaltd.outcomes.get("b")).toMatchObject({ failure: "cannot-host" });
    await gestaltd.stop();
    expect(closed).toBe(1);
  });

  it("HOST: step by step, behind the SDK's own border; what it logs is its stderr", async () => {
    await using provider = await startProvider({
      provider: least({ startPlugin: () => Promise.reject(new Error("no room")) }),
      tmpDir: directory.path,
    });
    await provider.handshake();
    const session = await provider.sessions.start({ pluginName: "p" });
    await expect(provider.runtime.getSession({ sessionId: "" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(
      provider.runtime.startPlugin({ sessionId: session.id, command: "/x" }),
    ).rejects.toMatchObject({ code: "UNKNOWN" });
    expect(provider.process.stderr).toContain("no room");
    expect(provider.process.pid).toBe(process.pid);
  });

  it("PROC-3: a factory that fails is told as a provider that ended before it served", async () => {
    await expect(
      startProvider({ provider: () => Promise.reject(new Error("no license")), tmpDir: directory.path }),
    ).rejects.toMatchObject({
      failure: "exited-before-serving",
      message: expect.stringContaining("no license") as string,
    });
  });

  it("PROC-6: one that does not end is told as killed, and not waited for", async () => {
    const provider = await startProvider({
      provider: least({ close: () => new Promise(() => undefined) }),
      tmpDir: directory.path,
      times: { providerStopMs: 100 },
    });
    expect(await provider.shutdown()).toMatchObject({ killed: true, signal: "SIGKILL" });
  });

  it("what can't go together is refused by name", async () => {
    const provider = least();
    await expect(startProvider({ provider, command: "/x" })).rejects.toThrow(
      "command is given with provider, which is served in this process; leave one of them out",
    );
    await expect(startProvider({ provider, sandbox: true })).rejects.toThrow(
      "sandbox is set with provider, which is served in this process and can't be sandboxed; give a command",
    );
  });

  it(
    "HOST: node:test runs it, and nothing is left that keeps Node.js alive",
    { timeout: 60_000 },
    async () => {
      const { stdout } = await run(
        process.execPath,
        ["--test", "--test-reporter=tap", fixture("node-test-run")],
        { env: { PATH: process.env.PATH, TMPDIR: directory.path }, timeout: 50_000 },
      );
      expect(stdout).toMatch(/^# pass 1$/m);
      expect(stdout).toMatch(/^# fail 0$/m);
    },
  );
});
