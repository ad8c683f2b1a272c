import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { PluginRuntimeProvider, ProviderLifecycle } from "../../src/protocol/index.js";
import {
  fixture,
  isAlive,
  killAfterwards,
  leftIn,
  open,
  ProviderProcess,
  startProvider,
  temporaryFolder,
  until,
} from "./provider-process.js";

describe("ending with more than one thing wrong", () => {
  it("PROC-7: with the host gone a hanging call and a hanging close hook are bounded by less", async () => {
    const folder = temporaryFolder();
    const socketPath = join(folder, "p.sock");
    const host = spawn(
      process.execPath,
      [fixture("level1-parent"), "host", process.execPath, fixture("level1-provider")],
      {
        env: {
          PATH: process.env.PATH,
          GESTALT_PLUGIN_SOCKET: socketPath,
          LEVEL1: JSON.stringify({ close: "hangs" }),
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    onTestFinished(() => void host.kill("SIGKILL"));
    let stderr = "";
    host.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const [line] = (await once(host.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    killAfterwards(pid);
    await until(() => leftIn(folder).includes("p.sock"), "the socket");
    const channel = open(socketPath);
    await channel.client(ProviderLifecycle).configureProvider({ name: "x", protocolVersion: 3 });
    const runtime = channel.client(PluginRuntimeProvider);
    const outcome = runtime.startSession({ pluginName: "hang" }).catch((error: unknown) => error);
    await runtime.getSupport();
    host.kill("SIGKILL");
    await until(() => !isAlive(pid), "the provider's end");
    expect(await outcome).toBeInstanceOf(Error);
    await until(() => stderr.includes("close hook did not end"), "the last words");
    expect(stderr).toContain(`the provider ends: the host (process ${host.pid}) is gone`);
    expect(stderr).toMatch(/calls did not end within 100 ms and are cut off: StartSession/);
    expect(stderr).toContain("signal aborted: CANCELLED StartSession: the provider is ending");
    expect(stderr).toContain("error the close hook did not end within 1000 ms");
    expect(leftIn(folder)).toEqual([]);
  });

  it("PROC-6, PROC-9: an exception in the middle of its start ends it with 1, and leaves nothing", async () => {
    for (const throwAfterMs of [0, 1, 2, 4, 8]) {
      const provider = new ProviderProcess({ choices: { throwAfterMs } });
      expect(await provider.exit).toEqual({ code: 1, signal: null });
      expect(provider.stderr).toContain("an exception was not caught; the provider ends");
      expect(provider.stderr).toContain("planted exception");
      expect(provider.stderr).toContain("close hook ended");
      expect(leftIn(dirname(provider.socketPath))).toEqual([]);
    }
  });

  it("PROC-6: exit code 1 outlives the signal that follows an exception", async () => {
    const provider = await startProvider({ choices: { close: "waits" } });
    await provider.runtime.startSession({ pluginName: "uncaught" });
    await provider.said("close hook began");
    provider.child.kill("SIGTERM");
    expect(await provider.exit).toEqual({ code: 1, signal: null });
    expect(provider.stderr).toContain("close hook ended");
  });

  it("PROC-6: a rejection on the way out is reported, and changes nothing", async () => {
    const provider = await startProvider({ choices: { serve: { drainTimeoutMs: 100 } } });
    const outcome = provider.runtime.startSession({ pluginName: "reject-hanging" }).catch(() => undefined);
    provider.child.kill();
    expect(await provider.exit).toEqual({ code: 0, signal: null });
    await outcome;
  });

  it("LIFE-5: background work that fails is reported, and the provider goes on", async () => {
    const provider = await startProvider({ choices: { start: "fails" } });
    await provider.said("error the provider's background work failed");
    expect(provider.stderr).toMatch(/Error: planted start failure\n {4}at /);
    expect(await provider.runtime.getSession({ sessionId: "x" })).toMatchObject({ id: "x" });
    provider.child.kill();
    expect(await provider.exit).toEqual({ code: 0, signal: null });
  });
});
