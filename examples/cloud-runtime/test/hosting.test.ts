import { describe, expect, it } from "vitest";
import {
  failureOf,
  hostLog,
  openPlace,
  pluginRequest,
  refusal,
  startPlugin,
  startRuntime,
  startSession,
  sandboxNames,
} from "./support.js";

describe("the cloud runtime", () => {
  it("SESS-1, SESS-8, PLUG-1, PLUG-5, LOGS-1: makes a sandbox, runs the plugin in it as asked, and removes it", async () => {
    const place = await openPlace({ createMs: 300 });
    const provider = await startRuntime(place);
    const plugin = await startPlugin(provider, { args: ["a b", "", "$HOME"], atStart: ["stdout:hello"] });
    expect(await plugin.execute("args")).toMatchObject({
      args: ["--at-start=stdout:hello", "a b", "", "$HOME"],
    });
    const { sandboxes } = await place.cloud.record();
    expect(sandboxes).toMatchObject([{ image: "docker.io/library/fixture:latest", running: true }]);
    expect(await provider.runtime.getSession({ sessionId: plugin.sessionId })).toMatchObject({
      state: "running",
      metadata: { provider_kind: "plugin", provider_name: "example", "cloud.region": "test-1" },
    });
    await expect.poll(() => hostLog(provider, plugin.sessionId)).toContain("stdout hello");
    await provider.sessions.stop(plugin.sessionId);
    await expect.poll(() => sandboxNames(place.cloud)).toEqual([]);
    const { sessionId } = plugin;
    const code = async (): Promise<string> =>
      (await refusal(provider.runtime.getSession({ sessionId }))).code;
    await expect.poll(code).toBe("NOT_FOUND");
  });

  it("SUP-1, SUP-3, SESS-3: says what it can do, and refuses a session without an image, naming the field", async () => {
    const provider = await startRuntime(await openPlace());
    expect(await provider.runtime.getSupport({})).toMatchObject({ canHostPlugins: true });
    expect(await refusal(provider.runtime.startSession({ pluginName: "a" }))).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("plugins.a.execution.runtime.image") as string,
    });
  });

  it("LIFE-3: without a token it refuses the configuration, and says where to set it", async () => {
    const { code, message } = await refusal(startRuntime(await openPlace(), { env: {} }));
    expect(`${code} ${message}`).toContain("set runtime.providers.cloud.env.CLOUD_TOKEN");
  });

  it("LIFE-4: is healthy while the cloud takes its token", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    expect(await provider.lifecycle.healthCheck({})).toMatchObject({ ready: true });
    const other = await startRuntime(place, { name: "other", env: { CLOUD_TOKEN: "wrong" } });
    await expect
      .poll(() => other.lifecycle.healthCheck({}))
      .toMatchObject({ ready: false, message: expect.stringContaining("the token is wrong") as string });
  });

  it("SESS-9: a session ends by the runtime's own clock, and its sandbox by the cloud's should the runtime be dead", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place, { config: { sessionLifetimeMs: 2_000 } });
    const { sessionId } = await startPlugin(provider);
    await expect
      .poll(async () => (await provider.runtime.getSession({ sessionId })).state, { timeout: 5_000 })
      .toBe("stopped");
    await expect.poll(() => sandboxNames(place.cloud)).toEqual([]);
  });

  it("PLUG-6: a program that is not in the image is named in the error, and the session is failed", async () => {
    const provider = await startRuntime(await openPlace());
    const sessionId = await startSession(provider);
    const request = { ...pluginRequest(sessionId), command: "./missing" };
    const { code, message } = await refusal(provider.runtime.startPlugin(request));
    expect({ code, message }).toEqual({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/^the cloud refused: .*missing/) as string,
    });
    expect(await provider.runtime.getSession({ sessionId })).toMatchObject({ state: "failed" });
  });

  it("waits as long as the cloud asks it to, and repeats what may be repeated", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    await place.cloud.fault({ on: "create", action: { do: "answer", status: 429, retryAfterSeconds: 1 } });
    await place.cloud.fault({ on: "create", action: { do: "answer", status: 503 } });
    await startSession(provider);
    const creations = (await place.cloud.record()).calls.filter(({ kind }) => kind === "create");
    expect(creations.map(({ status }) => status)).toEqual([429, 503, 201]);
    const [first, second] = creations.map(({ atMs }) => atMs);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(999);
    // What can't succeed is not repeated.
    await place.cloud.configure({ quota: 1 });
    expect(await failureOf(provider)).toContain("the account's quota is 1 sandboxes");
    expect((await place.cloud.record()).counts.create).toBe(4);
  });

  it("gives up a call that fails five times, whichever of a method's calls it is", async () => {
    const place = await openPlace({}, { filesStay: true });
    const provider = await startRuntime(place);
    const unavailable = { do: "answer", status: 503 } as const;
    await place.cloud.fault({ on: "create", action: unavailable, times: "all" });
    expect(await failureOf(provider)).toContain("the cloud refused");
    expect((await place.cloud.record()).counts.create).toBe(5);
    await place.cloud.clearFaults();
    const sessionId = await startSession(provider);
    await place.cloud.fault({ on: "run", action: unavailable, times: "all" });
    await refusal(provider.runtime.startPlugin(pluginRequest(sessionId)));
    expect((await place.cloud.record()).counts.run).toBe(5);
  });
});
