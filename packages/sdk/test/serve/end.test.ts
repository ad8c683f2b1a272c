import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { RuntimeProviderError } from "../../src/index.js";
import {
  leftIn,
  ProviderProcess,
  startProvider,
  temporaryFolder,
  until,
  type Provider,
} from "./provider-process.js";

const clean = { code: 0, signal: null };

function expectGone(provider: ProviderProcess): void {
  expect(leftIn(dirname(provider.socketPath))).toEqual([]);
}

/** Begins a call and waits until the provider has it, not until it ends. */
async function callInFlight(provider: Provider, pluginName: string): Promise<{ outcome: Promise<unknown> }> {
  const outcome = provider.runtime.startSession({ pluginName }).catch((error: unknown) => error);
  // Calls of one connection arrive in order: an answer to a later one proves the earlier one's arrival.
  await provider.runtime.getSupport();
  return { outcome };
}

describe.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("told to end by %s", (signal) => {
  it(`PROC-6: ${signal} ends an idle provider with 0, its close hook run, its socket gone`, async () => {
    const provider = await startProvider();
    provider.child.kill(signal);
    expect(await provider.exit).toEqual(clean);
    expect(provider.stderr).toContain("close hook began\nclose hook ended\n");
    expect(provider.stdout).toBe("");
    expectGone(provider);
  });

  it(`PROC-6: ${signal} lets a call in flight end, and takes no new one`, async () => {
    const provider = await startProvider({ choices: { serve: { drainTimeoutMs: 10_000 } } });
    const { outcome } = await callInFlight(provider, "slow:300");
    provider.child.kill(signal);
    await until(() => !existsSync(provider.socketPath), "the socket to go");
    await expect(provider.runtime.getSupport()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await outcome).toMatchObject({ id: "session-slow:300", state: "ready" });
    expect(await provider.exit).toEqual(clean);
    expect(provider.stderr).not.toContain("cut off");
    expect(provider.stderr).toContain("close hook ended");
    expectGone(provider);
  });
});

describe("told to end", () => {
  it("PROC-6: neither an idle keep-alive connection nor a silent one holds the exit up", async () => {
    const provider = await startProvider({ choices: { serve: { drainTimeoutMs: 60_000 } } });
    const idle = connectHttp2("http://localhost", { createConnection: () => connect(provider.socketPath) });
    idle.on("error", () => undefined);
    await once(idle, "remoteSettings");
    const silent = connect(provider.socketPath);
    silent.on("error", () => undefined);
    await once(silent, "connect");
    onTestFinished(() => void silent.destroy());
    await provider.runtime.getSupport();
    provider.child.kill();
    expect(await provider.exit).toEqual(clean);
    expectGone(provider);
    idle.destroy();
  });

  it("PROC-6: a call that hangs is cut off by name, its signal aborted, and the exit is still clean", async () => {
    const provider = await startProvider();
    const { outcome } = await callInFlight(provider, "hang");
    provider.child.kill();
    expect(await provider.exit).toEqual(clean);
    expect(await outcome).toBeInstanceOf(RuntimeProviderError);
    expect(provider.stderr).toMatch(
      /warn calls did not end within 400 ms and are cut off: StartSession \(\d\.\d s\)/,
    );
    expect(provider.stderr).toContain("signal aborted: CANCELLED StartSession: the provider is ending");
    expect(provider.stderr).toContain("close hook ended");
    expectGone(provider);
  });

  it("PROC-6: a promise that never settles is named at shutdown, also when its caller is long gone", async () => {
    const provider = await startProvider();
    await expect(
      provider.runtime.startSession({ pluginName: "hang" }, { timeoutMs: 50 }),
    ).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    });
    await provider.said("signal aborted: DEADLINE_EXCEEDED");
    provider.child.kill();
    expect(await provider.exit).toEqual(clean);
    expect(provider.stderr).toMatch(/cut off: StartSession \(/);
  });

  it("SESS-13, PROC-6: what a cancelled call still cleans up is waited for", async () => {
    const provider = await startProvider({ choices: { serve: { drainTimeoutMs: 10_000 } } });
    const abort = new AbortController();
    const outcome = provider.runtime
      .startSession({ pluginName: "clean-up:200" }, { signal: abort.signal })
      .catch((error: unknown) => error);
    await provider.runtime.getSupport();
    abort.abort();
    await outcome;
    await provider.said("clean-up began");
    provider.child.kill();
    expect(await provider.exit).toEqual(clean);
    const places = ["clean-up began", "clean-up ended", "close hook began"].map((text) =>
      provider.stderr.indexOf(text),
    );
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it("PROC-6: a close hook that throws makes the exit code 1, with the error on stderr", async () => {
    const provider = await startProvider({ choices: { close: "throws" } });
    provider.child.kill();
    expect(await provider.exit).toEqual({ code: 1, signal: null });
    expect(provider.stderr).toContain("error the close hook failed: planted close failure");
    expect(provider.stderr).toMatch(/Error: planted close failure\n {4}at /);
    expectGone(provider);
  });

  it("PROC-6: a close hook that hangs is bounded and named", async () => {
    const provider = await startProvider({ choices: { close: "hangs" } });
    provider.child.kill();
    expect(await provider.exit).toEqual({ code: 1, signal: null });
    expect(provider.stderr).toContain("error the close hook did not end within 1300 ms");
    expectGone(provider);
  });

  it("PROC-6: a second signal changes nothing, at whatever moment", async () => {
    for (let round = 0; round < 6; round += 1) {
      const provider = await startProvider({ choices: { close: "waits" } });
      provider.child.kill("SIGINT");
      while (!provider.ended) {
        provider.child.kill(round % 2 === 0 ? "SIGTERM" : "SIGINT");
        await delay(1);
      }
      expect(await provider.exit).toEqual(clean);
      expect(provider.stderr.match(/close hook began/g)).toHaveLength(1);
    }
  });

  it("PROC-6: leaves a socket that another provider has put at its path since", async () => {
    const first = await startProvider();
    const { rm } = await import("node:fs/promises");
    await rm(first.socketPath);
    const second = await startProvider({ socketPath: first.socketPath });
    first.child.kill();
    expect(await first.exit).toEqual(clean);
    expect(leftIn(dirname(first.socketPath))).toEqual(["p.sock"]);
    expect((await second.runtime.getSession({ sessionId: "a" })).state).toBe("running");
  });

  it("PROC-9: at any moment of its start it ends cleanly and leaves nothing", async () => {
    for (let delayMs = 0; delayMs <= 120; delayMs += 4) {
      const provider = new ProviderProcess({ socketPath: join(temporaryFolder(), "p.sock") });
      await delay(delayMs);
      provider.child.kill("SIGTERM");
      const exit = await provider.exit;
      // Before the program has begun, the signal ends it as it ends any process.
      expect([clean, { code: null, signal: "SIGTERM" }]).toContainEqual(exit);
      expect(provider.stderr).not.toContain("rror");
      expectGone(provider);
    }
  });

  it("PROC-9: from the moment that it watches for signals it always ends with 0", async () => {
    for (let delayMs = 0; delayMs < 30; delayMs += 1) {
      const provider = new ProviderProcess({
        socketPath: join(temporaryFolder(), "p.sock"),
        choices: { announce: true },
      });
      await provider.said("watches for signals");
      const end = performance.now() + delayMs / 5;
      while (performance.now() < end);
      provider.child.kill("SIGTERM");
      expect(await provider.exit).toEqual(clean);
      expect(provider.stderr).toContain("close hook ended");
      expectGone(provider);
    }
  });
});
