import { Server, ServerCredentials } from "@grpc/grpc-js";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { addUnaryService, Cache } from "@gestalt-runtime/sdk/protocol";
import type { ProviderInstance } from "@gestalt-runtime/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  beginSession,
  callsSeen,
  dial,
  hostLog,
  openPlace,
  pluginRequest,
  refusal,
  sandboxNames,
  startPlugin,
  startRuntime,
  startSession,
} from "./support.js";

/** A relay of the host: it asks for the session's state before each call that it lets through. */
async function serveRelay(
  provider: ProviderInstance,
  sessionId: string,
  statesSeen: string[],
): Promise<string> {
  const server = new Server();
  addUnaryService(server, Cache, {
    get: async () => {
      const { state } = await provider.runtime.getSession({ sessionId });
      statesSeen.push(state);
      if (!["pending", "ready", "running"].includes(state))
        throw new RuntimeProviderError("UNAUTHENTICATED", `the session is ${state}`);
      return { found: true, value: Buffer.from("from the relay") };
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  onTestFinished(() => server.forceShutdown());
  return `tcp://127.0.0.1:${port}`;
}

describe("starting", () => {
  it("T3, SESS-4, BIND-3: a plugin that reads its cache while it boots is let through: the host knows the session's state", async () => {
    const provider = await startRuntime(await openPlace());
    const sessionId = await startSession(provider);
    const statesSeen: string[] = [];
    const relay = await serveRelay(provider, sessionId, statesSeen);
    await provider.runtime.bindHostService({
      sessionId,
      envVar: "GESTALT_CACHE_SOCKET",
      relay: { dialTarget: relay },
    });
    const { dialTarget } = await provider.runtime.startPlugin(
      pluginRequest(sessionId, { atStart: ["cache:greeting"], env: { GESTALT_CACHE_SOCKET_TOKEN: "token" } }),
    );
    expect(await dial(sessionId, dialTarget).execute("boot")).toMatchObject({
      cache: { found: true, value: "from the relay" },
    });
    expect(statesSeen).toEqual(["ready"]);
  });

  it("T4, SESS-11, PLUG-6: of two StartPlugin at once one is refused, and one program runs in one sandbox", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    const sessionId = await startSession(provider);
    await place.cloud.fault({ on: "run", action: { do: "delay", ms: 200 } });
    const answers = await Promise.allSettled(
      [1, 2, 3].map(() => provider.runtime.startPlugin(pluginRequest(sessionId))),
    );
    const failed = answers.filter((answer) => answer.status === "rejected");
    expect(failed.map(({ reason }) => (reason as RuntimeProviderError).code)).toEqual([
      "FAILED_PRECONDITION",
      "FAILED_PRECONDITION",
    ]);
    const [won] = answers.filter((answer) => answer.status === "fulfilled");
    if (won === undefined) throw new Error("none was started");
    // The losers have taken nothing of the winner's away.
    expect(await dial(sessionId, won.value.dialTarget).execute("echo", { a: 1 })).toEqual({ a: 1 });
    expect(await place.cloud.record()).toMatchObject({
      programs: 1,
      counts: { create: 1, run: 1, delete: 0 },
      sandboxes: [{ running: true }],
    });
  });

  it("T13, SESS-10, PLUG-6: a plugin that ends before it listens is told at once, with its code, and stays failed", async () => {
    const provider = await startRuntime(await openPlace());
    const sessionId = await startSession(provider);
    // The plugin's readiness has a minute; the host of this test waits for three seconds.
    const { code, message } = await refusal(
      provider.runtime.startPlugin(pluginRequest(sessionId, { atStart: ["exit:7"] }), { timeoutMs: 3_000 }),
    );
    expect({ code, message }).toEqual({
      code: "FAILED_PRECONDITION",
      message: "the plugin exited with code 7 before it accepted gRPC connections",
    });
    for (let i = 0; i < 20; i += 1)
      expect(await provider.runtime.getSession({ sessionId })).toMatchObject({
        state: "failed",
        stateMessage: message,
      });
  });

  it("T14, LOGS-3, PLUG-6: the last lines of a plugin that fails are in StartPlugin's error and in the host's log by then", async () => {
    const provider = await startRuntime(await openPlace());
    const sessionId = await startSession(provider);
    const { message } = await refusal(
      provider.runtime.startPlugin(
        pluginRequest(sessionId, { atStart: ["stdout:reading config", "stderr:no licence", "exit:1"] }),
      ),
    );
    expect(message).toContain("exited with code 1");
    expect(message).toContain("no licence");
    const lines = hostLog(provider, sessionId);
    expect(lines).toContain("stdout reading config");
    expect(lines).toContain("stderr no licence");
  });

  it("T14, LOGS-3: also where the cloud gives the output in pieces of a byte", async () => {
    const provider = await startRuntime(await openPlace({ logPageBytes: 1 }));
    const sessionId = await startSession(provider);
    const { message } = await refusal(
      provider.runtime.startPlugin(pluginRequest(sessionId, { atStart: ["stderr:größer", "exit:1"] })),
    );
    expect(message).toContain("größer");
  });

  it("T28, SESS-4: an image that can't be pulled turns the session failed, with the cloud's word and sentence", async () => {
    const place = await openPlace({ createMs: 500 }, { filesStay: true });
    const provider = await startRuntime(place);
    const sessionId = await beginSession(provider, { image: "broken" });
    await expect(provider.sessions.waitUntilReady(sessionId)).rejects.toThrow('turned "failed"');
    expect(await provider.runtime.getSession({ sessionId })).toMatchObject({
      state: "failed",
      stateReason: "ImagePullFailed",
      stateMessage: "docker.io/library/broken:latest can't be pulled: unauthorized",
    });
    // SESS-12: without being asked, nothing stays.
    await expect.poll(() => sandboxNames(place.cloud), { timeout: 5_000 }).toEqual([]);
    // What can't be had is not asked for again and again.
    expect((await place.cloud.record()).counts.create).toBe(1);
  });

  it("T28, SESS-8, SESS-11: a session is stopped while its sandbox is still being made", async () => {
    const place = await openPlace({ createMs: 600_000 }, { filesStay: true });
    const provider = await startRuntime(place);
    const sessionId = await beginSession(provider);
    expect(await provider.runtime.getSession({ sessionId })).toMatchObject({ state: "pending" });
    await provider.sessions.stop(sessionId);
    expect((await provider.runtime.listSessions({})).sessions).toEqual([]);
    await expect.poll(() => sandboxNames(place.cloud), { timeout: 5_000 }).toEqual([]);
  });

  it("T9, SESS-4: where the answer of the creating call is lost, the same sandbox is found by its name", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    await place.cloud.fault({ on: "create", action: { do: "lose-reply" }, times: 2 });
    await startPlugin(provider);
    const { counts, sandboxes } = await place.cloud.record();
    expect(counts.create).toBe(3);
    expect(sandboxes).toHaveLength(1);
  });

  it.each(["run", "wait", "connect", "logs"] as const)(
    "T9, PLUG-4: a plugin is started once, though the answer of %s is lost",
    async (on) => {
      const place = await openPlace();
      const provider = await startRuntime(place);
      const sessionId = await startSession(provider);
      await place.cloud.fault({ on, action: { do: "lose-reply" }, times: 2 });
      const { dialTarget } = await provider.runtime.startPlugin(
        pluginRequest(sessionId, { atStart: ["stdout:hello", "listen-late:100"] }),
      );
      await expect.poll(() => dial(sessionId, dialTarget).execute("echo", { a: 1 })).toEqual({ a: 1 });
      await expect.poll(() => hostLog(provider, sessionId), { timeout: 10_000 }).toContain("stdout hello");
      expect((await place.cloud.record()).programs).toBe(1);
    },
  );

  it("T9, SESS-13, PLUG-7: a StartPlugin that the host cancels leaves no sandbox, and a failed session", async () => {
    const place = await openPlace();
    const provider = await startRuntime(place);
    const sessionId = await startSession(provider);
    await place.cloud.fault({ on: "run", action: { do: "hang-after" } });
    const host = new AbortController();
    const started = refusal(provider.runtime.startPlugin(pluginRequest(sessionId), { signal: host.signal }));
    await callsSeen(place.cloud, "run");
    host.abort();
    expect(await started).toMatchObject({ code: "CANCELLED" });
    await expect.poll(() => sandboxNames(place.cloud), { timeout: 5_000 }).toEqual([]);
    expect(await provider.runtime.getSession({ sessionId })).toMatchObject({ state: "failed" });
  });

  it("T9, SESS-8: what a creating call makes after the session was stopped is found by a list that lags, and removed", async () => {
    const place = await openPlace({ listLagMs: 1_500 }, { filesStay: true });
    const provider = await startRuntime(place);
    await place.cloud.fault({ on: "create", action: { do: "hang-after" }, times: "all" });
    const sessionId = await beginSession(provider);
    await callsSeen(place.cloud, "create");
    await provider.sessions.stop(sessionId);
    await place.cloud.clearFaults();
    await expect.poll(() => sandboxNames(place.cloud), { timeout: 20_000 }).toEqual([]);
  });
});
