import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { openHostService } from "@gestalt-runtime/sdk";
import { Cache } from "@gestalt-runtime/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixturePlugin } from "../../src/index.js";
import { startGestaltd, type FakeGestaltd, type GestaltdOptions } from "../../src/host/index.js";
import { certificateFile, tls } from "../relay/support.js";
import { TestDirectory, fixture, processesWith } from "./fixtures.js";

interface Fetched {
  readonly ok: boolean;
  readonly status?: number;
  readonly proxyStatus?: number;
}

describe("a whole plugin behind the relay", () => {
  let directory: TestDirectory;
  beforeEach(async () => {
    directory = await TestDirectory.make();
  });
  afterEach(async () => {
    expect(await processesWith(directory.path)).toEqual([]);
    expect(await directory.left()).toEqual([]);
    await directory[Symbol.asyncDispose]();
  });

  const options = (
    plugin: Partial<NonNullable<GestaltdOptions["plugins"]>[string]> = {},
    runtime = "relaying-runtime",
  ): GestaltdOptions => ({
    runtimeProviders: { relaying: { command: fixture(runtime), config: {} } },
    plugins: { p: { ...fixturePlugin(), cache: ["main"], ...plugin } },
    publicListener: { tls, resolve: () => Promise.resolve(["127.0.0.1"]) },
    tmpDir: directory.path,
    // What the host trusts, its providers and plugins trust.
    operatorEnv: { ...process.env, TMPDIR: directory.path, SSL_CERT_FILE: certificateFile },
  });

  const call = async <T>(gestaltd: FakeGestaltd, operation: string, params: object): Promise<T> => {
    const { status, body } = await gestaltd.execute("p", operation, params as never);
    expect([operation, status, body]).toEqual([operation, 200, body]);
    return JSON.parse(body) as T;
  };

  it("SUP-3, BIND-3: the plugin uses its cache over TLS with its token; admins see a relay", async () => {
    await using gestaltd = await startGestaltd(options());
    const { port } = gestaltd.publicListener?.address ?? {};
    expect(await call(gestaltd, "cache", { key: "k", value: "v" })).toEqual({ found: true, value: "v" });
    expect(Buffer.from(gestaltd.plugin("p").caches.get("main")?.get("k") ?? []).toString()).toBe("v");
    const started = gestaltd.trace.calls.find(({ method }) => method.endsWith("/StartPlugin"));
    expect(started?.request).toMatchObject({ allowedHosts: ["localhost"], defaultAction: "allow" });
    expect(Object.keys((started?.request as { env: object }).env).sort()).toEqual([
      "GESTALT_AGENT_MANAGER_SOCKET_TOKEN",
      "GESTALT_CACHE_SOCKET_MAIN_TOKEN",
      "GESTALT_CACHE_SOCKET_TOKEN",
      "GESTALT_INDEXEDDB_SOCKET_TOKEN",
      "GESTALT_WORKFLOW_MANAGER_SOCKET_TOKEN",
    ]);
    const bound = gestaltd.trace.calls.filter(({ method }) => method.endsWith("/BindHostService"));
    expect(bound).toHaveLength(5);
    for (const { request } of bound)
      expect(request).toMatchObject({ relay: { dialTarget: `tls://localhost:${port ?? 0}` } });
    expect(gestaltd.trace.events).toContainEqual(
      expect.objectContaining({
        type: "relayed-call",
        envVar: "GESTALT_CACHE_SOCKET",
        method: "Cache/Set",
        code: "OK",
      }),
    );
    expect(await gestaltd.admin.providers()).toMatchObject([
      { profile: { advertised: { hostServiceAccess: "none" }, effective: { hostServiceAccess: "relay" } } },
    ]);
  });

  it("SUP-3, BIND-3: the smallest runtime that says NONE hosts it as well, without a policy", async () => {
    await using gestaltd = await startGestaltd(options({}, "minimal-relayed"));
    expect(await call(gestaltd, "cache", { key: "k", value: "v" })).toEqual({ found: true, value: "v" });
    expect(gestaltd.trace.events).toContainEqual(
      expect.objectContaining({ type: "relayed-call", method: "Cache/Set", code: "OK" }),
    );
    expect(await gestaltd.admin.providers()).toMatchObject([
      { profile: { advertised: { hostServiceAccess: "none", egressMode: "none" } } },
    ]);
  });

  it("SUP-3: a stopped session's token is good for nothing", async () => {
    await using gestaltd = await startGestaltd(options());
    const started = gestaltd.trace.calls.find(({ method }) => method.endsWith("/StartPlugin"));
    const { env } = started?.request as { env: Record<string, string> };
    await gestaltd.plugin("p").stop();
    const service = openHostService("GESTALT_CACHE_SOCKET", {
      env: {
        GESTALT_CACHE_SOCKET: gestaltd.publicListener?.dialTarget,
        GESTALT_CACHE_SOCKET_TOKEN: env.GESTALT_CACHE_SOCKET_TOKEN,
        SSL_CERT_FILE: certificateFile,
      },
    });
    await expect(service.client(Cache).get({ key: "k" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    service.close();
  });

  it("SUP-4, EGR-3, EGR-5: with a policy, the plugin finds the public proxy, which keeps to it", async () => {
    const origin = createServer((_request, response) => response.end("hello")).listen(0, "127.0.0.1");
    await once(origin, "listening");
    const { port } = origin.address() as AddressInfo;
    await using gestaltd = await startGestaltd(
      options({
        egress: { allowedHosts: ["api.example.com"] },
        env: { NODE_EXTRA_CA_CERTS: certificateFile },
      }),
    );
    const started = gestaltd.trace.calls.find(({ method }) => method.endsWith("/StartPlugin"));
    expect(started?.request).toMatchObject({ allowedHosts: ["api.example.com", "localhost"] });
    const get = (host: string, more = {}): Promise<Fetched> =>
      call(gestaltd, "fetch", { url: `http://${host}:${port}/`, proxyEnv: "HTTPS_PROXY", ...more });
    expect(await get("api.example.com")).toMatchObject({ ok: true, status: 200, body: "hello" });
    expect(await get("api.example.com", { connect: true })).toMatchObject({ ok: true, status: 200 });
    expect(await get("other.example.com")).toMatchObject({ status: 403 });
    expect(await get("other.example.com", { connect: true })).toMatchObject({ ok: false, proxyStatus: 403 });
    expect(await call(gestaltd, "cache", { key: "k", value: "v" })).toEqual({ found: true, value: "v" });
    expect(gestaltd.trace.events).toContainEqual(
      expect.objectContaining({ type: "egress-request", method: "CONNECT", status: 403, name: "p" }),
    );
    origin.closeAllConnections();
    origin.close();
  });

  it("SUP-3: without a key, or with a base URL that is no https one, the plugin is refused", async () => {
    for (const broken of [
      { baseUrl: "https://x.example" },
      { baseUrl: "http://x.example", encryptionKey: "k" },
    ]) {
      const { runtimeProviders, plugins = {}, tmpDir = "" } = options();
      await using gestaltd = await startGestaltd({ runtimeProviders, plugins, tmpDir, ...broken });
      expect(gestaltd.outcomes.get("p")).toMatchObject({ failure: "no-host-service-access" });
    }
  });
});
