import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Cache, PluginRuntimeProvider } from "@gestalt-runtime/sdk/protocol";
import type { RelayClaims } from "../../src/host/index.js";
import { RelayRig, tls, withToken } from "./support.js";

const cacheClaims: RelayClaims = {
  plugin: "p",
  sessionId: "running",
  service: "cache",
  envVar: "GESTALT_CACHE_SOCKET",
  methodPrefix: "/gestalt.provider.v1.Cache/",
};

describe.each([
  ["plaintext", {}],
  ["TLS", { tls }],
])("HOST: a call relayed over %s", (_name, options) => {
  let rig: RelayRig;
  beforeEach(async () => {
    rig = await RelayRig.open(options);
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  it("BIND-3: reaches its own service with its token, and the answer comes back whole", async () => {
    const { env, bindings, caches } = await rig.offer("running");
    expect(new Set(bindings.map(({ dialTarget }) => dialTarget))).toEqual(new Set([rig.listener.dialTarget]));
    const cache = rig.channel().client(Cache);
    const token = withToken(env.GESTALT_CACHE_SOCKET_MAIN_TOKEN ?? "");
    // More than one frame and more than one window.
    const value = new Uint8Array(1 << 20).map((_, index) => index % 251);
    await cache.set({ key: "k", value }, token);
    expect(Buffer.compare(Buffer.from(caches.get("main")?.get("k") ?? []), Buffer.from(value))).toBe(0);
    const got = await cache.get({ key: "k" }, token);
    expect(Buffer.compare(Buffer.from(got.value), Buffer.from(value))).toBe(0);
    expect(rig.provider.trace.events).toContainEqual(
      expect.objectContaining({ type: "relayed-call", method: "Cache/Get", code: "OK", name: "p" }),
    );
    expect(rig.provider.trace.calls.map(({ method }) => method)).toEqual([
      "PluginRuntimeProvider/GetSession",
      "PluginRuntimeProvider/GetSession",
    ]);
    expect(rig.provider.trace.calls[0]?.deadlineMs).toBeUndefined();
  });

  it("BIND-3: a status of the service itself comes back as it is", async () => {
    const { env } = await rig.offer("running");
    const token = withToken(env.GESTALT_CACHE_SOCKET_MAIN_TOKEN ?? "");
    const cache = rig.channel().client(Cache);
    await cache.set({ key: "the only one" }, token);
    await expect(cache.set({ key: "one more" }, token)).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      message: "the cache holds 1 entries",
    });
    expect(rig.provider.trace.events.at(-1)).toMatchObject({
      type: "relayed-call",
      envVar: "GESTALT_CACHE_SOCKET_MAIN",
      code: "RESOURCE_EXHAUSTED",
    });
  });
});

describe("HOST: the relay under load and at its end", () => {
  it("many calls at once on one connection all come back, each with its own answer", async () => {
    await using rig = await RelayRig.open({ tls });
    const { env, caches } = await rig.offer("running");
    caches.get("main")?.set("k", new Uint8Array([7]));
    const cache = rig.channel().client(Cache);
    const token = withToken(env.GESTALT_CACHE_SOCKET_MAIN_TOKEN ?? "");
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) => cache.get({ key: index % 2 === 0 ? "k" : "none" }, token)),
    );
    expect(answers.map(({ found }) => found)).toEqual(answers.map((_, index) => index % 2 === 0));
  });

  it("a call that is under way when the listener closes ends, and so does the listener", async () => {
    await using rig = await RelayRig.open();
    await rig.offer("hangs");
    const token = await rig.listener.tokens.relay({ ...cacheClaims, sessionId: "hangs" });
    const call = rig
      .channel()
      .client(Cache)
      .get({ key: "k" }, withToken(token))
      .catch((error: unknown) => error);
    await vi.waitFor(() => expect(rig.provider.trace.calls).toHaveLength(1), 5_000);
    await rig.listener.close();
    expect(await call).toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("HOST: what the relay refuses", () => {
  let rig: RelayRig;
  beforeEach(async () => {
    rig = await RelayRig.open();
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const get = (token: string, timeoutMs = 10_000): Promise<unknown> =>
    rig
      .channel()
      .client(Cache)
      .get({ key: "k" }, { timeoutMs, ...withToken(token) });

  const methodsAsked = (): readonly string[] => rig.provider.trace.calls.map(({ method }) => method);

  it.each([
    ["of another key", { key: "another" }],
    ["that is over", { lifetimeMs: -1_000 }],
    ["that is not good yet", { notBeforeMs: 60_000 }],
    ["of another issuer", { issuer: "somebody" }],
    ["for the egress proxy", { audience: "gestalt-egress-proxy" }],
  ])("a token %s: UNAUTHENTICATED, and the session is not asked for", async (_name, faults) => {
    await rig.offer("running");
    await expect(get(await rig.listener.tokens.relay(cacheClaims, faults))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect(methodsAsked()).toEqual([]);
  });

  it.each(["nonsense", "eyJhbGciOiJub25lIn0.eyJzZXNzaW9uX2lkIjoicnVubmluZyJ9."])(
    "the token %j: UNAUTHENTICATED",
    async (token) => {
      await rig.offer("running");
      await expect(get(token)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    },
  );

  it("a method outside the token's prefix: PERMISSION_DENIED, whether or not its service is there", async () => {
    await rig.offer("running");
    for (const sessionId of ["running", "of nobody"]) {
      const token = await rig.listener.tokens.relay({
        ...cacheClaims,
        sessionId,
        methodPrefix: "/gestalt.provider.v1.IndexedDB/",
      });
      await expect(get(token)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    }
    // The token comes before the method.
    const bad = await rig.listener.tokens.relay({ ...cacheClaims, methodPrefix: "/x/" }, { key: "another" });
    await expect(get(bad)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(methodsAsked()).toEqual([]);
  });

  it("a service that is not there: UNAVAILABLE, and the session is not asked for", async () => {
    const offer = await rig.offer("running");
    const elsewhere = { ...cacheClaims, envVar: "GESTALT_CACHE_SOCKET_SECOND" };
    await expect(get(await rig.listener.tokens.relay(elsewhere))).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    const token = await rig.listener.tokens.relay(cacheClaims);
    await offer.close();
    await expect(get(token)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(methodsAsked()).toEqual([]);
  });

  it.each([
    "pending",
    "ready",
    "running",
    "running-draining", // past recommended_drain_at, and not past expires_at
  ])("the session %s: its calls are relayed", async (sessionId) => {
    await rig.offer(sessionId);
    await expect(get(await rig.listener.tokens.relay({ ...cacheClaims, sessionId }))).resolves.toMatchObject({
      found: false,
    });
  });

  it.each([
    ["unknown", "NOT_FOUND"],
    ["failed", '"failed"'],
    ["stopped", '"stopped"'],
    ["warming", '"warming"'],
    ["running-of-another", "another"],
    ["running-of-nobody", "missing"],
    ["running-expired", "SESS-9"],
    ["running-zero", "SESS-9"],
  ])("SESS-2, SESS-9: the session %s: UNAUTHENTICATED", async (sessionId, why) => {
    await rig.offer(sessionId);
    await expect(get(await rig.listener.tokens.relay({ ...cacheClaims, sessionId }))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining(why) as string,
    });
    expect(methodsAsked()).toEqual(["PluginRuntimeProvider/GetSession"]);
  });

  it("a provider that is dead confirms nothing: UNAUTHENTICATED", async () => {
    await rig.offer("running");
    await rig.provider.kill();
    await expect(get(await rig.listener.tokens.relay(cacheClaims))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  it("SESS-5: GetSession is cancelled with the call that it confirms", async () => {
    await rig.offer("hangs");
    const token = await rig.listener.tokens.relay({ ...cacheClaims, sessionId: "hangs" });
    await expect(get(token, 300)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await vi.waitFor(() => expect(rig.output.join("")).toBe("GetSession was cancelled\n"), 5_000);
    expect(rig.provider.trace.calls.at(-1)).toMatchObject({ outcome: { code: "CANCELLED" } });
  });

  it("no relay leads to the provider itself", async () => {
    await rig.offer("running");
    const token = await rig.listener.tokens.relay(cacheClaims);
    await expect(
      rig.channel().client(PluginRuntimeProvider).getSupport({}, withToken(token)),
    ).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });
});
