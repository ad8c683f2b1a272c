import { describe, expect, it } from "vitest";
import { Host } from "./host.js";

describe("a hosted plugin", () => {
  it("is started as it should be, and can use the host's services", async () => {
    await using host = await Host.start();
    expect(host.gestaltd.outcomes.get("example")).toMatchObject({ status: "hosted" });
    expect(await host.call("echo", { a: 1 })).toEqual({ a: 1 });
    expect(await host.call("cache", { key: "greeting", value: "hello" })).toMatchObject({ value: "hello" });
    // Nothing of the provider's own environment leaks into it (PLUG-2).
    expect(JSON.stringify(await host.call("env"))).not.toContain("GESTALT_RUNTIME_LOG_SOCKET");
  });

  it("has its lines in the host's log", async () => {
    await using host = await Host.start();
    await host.call("log", { count: 2 });
    const { sessionId } = host.gestaltd.plugin("example");
    const lines = () =>
      (host.gestaltd.admin.logs("mine", sessionId) ?? []).filter(({ stream }) => stream === "stdout");
    await expect.poll(lines, { timeout: 10_000 }).toHaveLength(2);
  });

  it("is gone when its session is stopped, with all that it started", async () => {
    await using host = await Host.start();
    const { pid } = await host.call("processes");
    const { pid: daemon } = await host.call("spawn", { kind: "daemon", ignoreSigterm: true });
    await host.gestaltd.plugin("example").stop();
    expect(await host.gestaltd.admin.sessions("mine")).toEqual([]);
    for (const one of [pid, daemon]) expect(() => process.kill(Number(one), 0)).toThrow("ESRCH");
  });

  it("leaves nothing when the host ends, and the provider ends with 0", async () => {
    await using host = await Host.start();
    expect(await host.gestaltd.stop()).toMatchObject({ mine: { code: 0, killed: false } });
    expect(await host.left()).toEqual([]);
  });

  it("that ends by itself is told with its exit code", async () => {
    await using host = await Host.start();
    await host.call("exit", { code: 3 });
    const states = async () =>
      (await host.gestaltd.admin.sessions("mine")).map(({ state, stateMessage }) => [state, stateMessage]);
    await expect.poll(states, { timeout: 10_000 }).toEqual([["failed", expect.stringContaining("code 3")]]);
  });
});
