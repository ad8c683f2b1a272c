import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { servePluginRuntimeProvider } from "../../src/index.js";
import {
  fixture,
  isAlive,
  killAfterwards,
  leftIn,
  open,
  startProvider,
  temporaryFolder,
  until,
} from "./provider-process.js";
import { PluginRuntimeProvider } from "../../src/protocol/index.js";

describe("faults of the author's code", () => {
  it("PROC-6: a rejection that nobody handles is reported with its RPC, and the provider goes on", async () => {
    const provider = await startProvider();
    await provider.runtime.startSession({ pluginName: "reject" });
    await provider.said("planted rejection");
    expect(provider.stderr).toContain("a promise was rejected and nobody handled it (in StartSession)");
    expect(await provider.runtime.getSession({ sessionId: "x" })).toMatchObject({ id: "x" });
  });

  it("PROC-6: an exception that nobody catches ends the provider in order, with exit code 1", async () => {
    const provider = await startProvider();
    await provider.runtime.startSession({ pluginName: "uncaught" });
    expect(await provider.exit).toEqual({ code: 1, signal: null });
    expect(provider.stderr).toContain("an exception was not caught (in StartSession); the provider ends");
    expect(provider.stderr).toContain("close hook ended");
    expect(leftIn(join(provider.socketPath, ".."))).toEqual([]);
  });

  it("PROC-6: a call that stays in flight is named once", async () => {
    const provider = await startProvider({ choices: { serve: { slowCallMs: 30 } } });
    const cancel = new AbortController();
    const call = provider.runtime
      .startSession({ pluginName: "hang" }, { signal: cancel.signal })
      .catch(() => undefined);
    await provider.said("is still in flight; does its promise ever settle?");
    cancel.abort();
    await call;
    expect(provider.stderr.split("is still in flight")).toHaveLength(2);
  });

  it("PROC-5: prints nothing of its own on stdout, and is not held up while nobody reads stderr", async () => {
    const provider = await startProvider({ readStderr: false });
    await provider.runtime.startSession({ pluginName: "flood:20000" });
    for (let i = 0; i < 20; i += 1)
      expect(await provider.runtime.getSession({ sessionId: "x" })).toMatchObject({ id: "x" });
    provider.readStderr();
    await provider.said("log lines were dropped while stderr was not read");
    expect(provider.stdout).toBe("");
  });
});

describe("the parent", () => {
  it("PROC-7: when the host is killed the provider ends by itself and removes its socket", async () => {
    const folder = temporaryFolder();
    const { parent, pid } = await startBehind("host", folder);
    await until(() => leftIn(folder).includes("p.sock"), "the socket");
    parent.kill("SIGKILL");
    await until(() => !isAlive(pid), "the provider's end");
    expect(leftIn(folder)).toEqual([]);
  });

  it("PROC-7: a wrapper between host and provider is named on stderr", async () => {
    const folder = temporaryFolder();
    const { parent, stderr } = await startBehind("wrapper", folder, {
      GESTALT_PLUGIN_PARENT_PID: String(process.pid),
    });
    await until(
      () => stderr().includes("a wrapper such as npx, npm exec, tsx or node --watch"),
      "the message",
    );
    expect(stderr()).toContain(`GESTALT_PLUGIN_PARENT_PID is ${process.pid}`);
    parent.kill("SIGKILL");
  });

  it("PROC-7: a parent's id that is none is refused by name", async () => {
    await expect(startProvider({ env: { GESTALT_PLUGIN_PARENT_PID: "12x" } })).rejects.toThrow(
      /GESTALT_PLUGIN_PARENT_PID "12x" is no process id/,
    );
  });
});

describe("as a library", () => {
  const minimal = {
    getSupport: () => ({ canHostPlugins: true }),
    startSession: () => ({ id: "s", state: "ready" as const }),
    getSession: (id: string) => ({ id, state: "ready" as const }),
    stopSession: () => undefined,
    startPlugin: () => ({ id: "p", dialTarget: "unix:///p" }),
  };
  const watched = ["SIGTERM", "SIGINT", "SIGHUP", "uncaughtException", "unhandledRejection"];

  it("PROC-6: with a signal of its own it leaves no handlers, ends no process, and resolves when all is closed", async () => {
    const before = watched.map((name) => process.listenerCount(name));
    const folder = temporaryFolder();
    const socketPath = join(folder, "p.sock");
    const end = new AbortController();
    let closed = false;
    const serving = servePluginRuntimeProvider(
      { ...minimal, close: () => void (closed = true) },
      { socketPath, signal: end.signal },
    );
    await until(() => leftIn(folder).includes("p.sock"), "the socket");
    expect(watched.map((name) => process.listenerCount(name))).toEqual(before);
    await expect(open(socketPath).client(PluginRuntimeProvider).getSupport()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    end.abort();
    await serving;
    expect(closed).toBe(true);
    expect(leftIn(folder)).toEqual([]);
  });

  it("PROC-1: it rejects where a program would end with 1", async () => {
    const { signal } = new AbortController();
    await expect(
      servePluginRuntimeProvider(minimal, { socketPath: "/nowhere/at/all.sock", signal }),
    ).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(servePluginRuntimeProvider(minimal, { signal })).rejects.toThrow(
      /GESTALT_PLUGIN_SOCKET is not set/,
    );
  });
});

/** Starts the provider fixture behind another process. */
async function startBehind(role: "host" | "wrapper", folder: string, env: Record<string, string> = {}) {
  const parent = spawn(
    process.execPath,
    [fixture("level1-parent"), role, process.execPath, fixture("level1-provider")],
    {
      env: { PATH: process.env.PATH, GESTALT_PLUGIN_SOCKET: join(folder, "p.sock"), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let stderr = "";
  parent.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString().split("\n")[0]);
  killAfterwards(pid);
  return { parent, pid, stderr: () => stderr };
}
