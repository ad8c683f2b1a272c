import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { Cache, ProviderLifecycle, openChannel } from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  startGestaltd,
  type FakeGestaltd,
  type HostTimes,
  type PluginOptions,
} from "../../src/host/index.js";
import { TestDirectory, fixture } from "./fixtures.js";
import { PluginServer } from "./plugin-server.js";

describe("hosting a plugin", () => {
  let directory: TestDirectory;
  let sockets: TestDirectory;
  let socket: string;
  let plugin: PluginServer | undefined;

  beforeEach(async () => {
    directory = await TestDirectory.make();
    sockets = await TestDirectory.make();
    socket = join(sockets.path, "p.sock");
  });

  afterEach(async () => {
    await plugin?.[Symbol.asyncDispose]();
    await sockets[Symbol.asyncDispose]();
    expect(await directory.left()).toEqual([]);
    await directory[Symbol.asyncDispose]();
  });

  const listen = async (handlers: Parameters<typeof PluginServer.listen>[1] = {}): Promise<void> => {
    plugin = await PluginServer.listen(`unix:${socket}`, handlers);
  };

  const host = (
    dialTarget: string,
    { times = {}, entry = {} }: { times?: Partial<HostTimes>; entry?: Partial<PluginOptions> } = {},
  ): Promise<FakeGestaltd> =>
    startGestaltd({
      runtimeProviders: {
        odd: { command: fixture("odd-provider"), args: ["serves"], config: { dialTarget } },
      },
      plugins: { a: { command: "/opt/plugin", ...entry } },
      tmpDir: directory.path,
      times,
    });

  const boundTo = (gestaltd: FakeGestaltd): Map<string, string> =>
    new Map(
      gestaltd.trace.calls
        .filter(({ method }) => method.endsWith("/BindHostService"))
        .map(({ request }) => {
          const { envVar, relay } = request as { envVar: string; relay: { dialTarget: string } };
          return [envVar, relay.dialTarget.replace(/^unix:\/\//, "")];
        }),
    );

  it("BIND: every plugin gets three services that answer UNIMPLEMENTED, in a directory of mode 0700", async () => {
    await listen();
    await using gestaltd = await host(`unix://${socket}`);
    const bound = boundTo(gestaltd);
    expect([...bound.keys()]).toEqual([
      "GESTALT_INDEXEDDB_SOCKET",
      "GESTALT_WORKFLOW_MANAGER_SOCKET",
      "GESTALT_AGENT_MANAGER_SOCKET",
    ]);
    for (const path of bound.values()) {
      expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
      const channel = openChannel(`unix:${path}`, credentials.createInsecure());
      await expect(channel.client(ProviderLifecycle).healthCheck()).rejects.toMatchObject({
        code: "UNIMPLEMENTED",
      });
      channel.close();
    }
  });

  it("BIND: two caches have a variable each and no plain one; each is a real cache of its own", async () => {
    await listen();
    await using gestaltd = await host(`unix://${socket}`, { entry: { cache: ["main", "second"] } });
    const bound = boundTo(gestaltd);
    expect([...bound.keys()].slice(1, 3)).toEqual([
      "GESTALT_CACHE_SOCKET_MAIN",
      "GESTALT_CACHE_SOCKET_SECOND",
    ]);
    expect(bound.size).toBe(5);
    const channel = openChannel(
      `unix:${bound.get("GESTALT_CACHE_SOCKET_MAIN") ?? ""}`,
      credentials.createInsecure(),
    );
    const cache = channel.client(Cache);
    const value = new Uint8Array([1, 0, 255]);
    await cache.set({ key: "k", value, ttl: { seconds: 60n, nanos: 0 } });
    const got = await cache.get({ key: "k" });
    expect([got.found, new Uint8Array(got.value)]).toEqual([true, value]);
    expect(gestaltd.plugin("a").caches.get("main")?.get("k")).toEqual(value);
    expect(gestaltd.plugin("a").caches.get("second")?.get("k")).toBeUndefined();
    expect(await cache.delete({ key: "k" })).toMatchObject({ deleted: true });
    channel.close();
    expect(gestaltd.trace.events).toContainEqual(
      expect.objectContaining({ type: "host-service", method: "Cache/Set", code: "OK" }),
    );
  });

  it("DIAL-1: takes a bare path, as the host does", async () => {
    await listen();
    await using gestaltd = await host(`${sockets.path}/./p.sock`);
    expect(gestaltd.plugin("a").dialTarget).toBe(`${sockets.path}/./p.sock`);
  });

  it.each(["http://127.0.0.1:1", "tcp://127.0.0.1", ""])("DIAL-1: skips a plugin at %j", async (target) => {
    await using gestaltd = await host(target);
    expect(gestaltd.outcomes.get("a")).toMatchObject({ failure: "dial-scheme" });
    expect(gestaltd.trace.calls.at(-1)).toMatchObject({
      method: "PluginRuntimeProvider/StopSession",
      deadlineMs: 3_000,
      outcome: { code: "OK" },
    });
  });

  it("PLUG-4: skips a plugin whose target does not get ready in time", async () => {
    await using gestaltd = await host(`unix://${socket}`, { times: { pluginReadyMs: 200 } });
    expect(gestaltd.outcomes.get("a")).toMatchObject({
      failure: "dial-timeout",
      message: `the plugin's dial target "unix://${socket}" did not get ready within 200 ms`,
    });
  });

  it("HOST 5: GetMetadata is tried again while UNAVAILABLE; UNIMPLEMENTED is tolerated of it and of StartProvider", async () => {
    let tries = 0;
    await listen({
      getMetadata: () => {
        tries += 1;
        throw new RuntimeProviderError(tries < 3 ? "UNAVAILABLE" : "UNIMPLEMENTED", "not now");
      },
      startProvider: () => {
        throw new RuntimeProviderError("UNIMPLEMENTED", "never");
      },
    });
    await using gestaltd = await host(`unix://${socket}`);
    expect(gestaltd.plugin("a").metadata).toBeUndefined();
    expect(tries).toBe(3);
  });

  it("HOST 5: a plugin that answers another protocol version is skipped, and its session stopped", async () => {
    await listen({
      startProvider: () => ({ protocolVersion: 2 }),
    });
    await using gestaltd = await host(`unix://${socket}`);
    expect(gestaltd.outcomes.get("a")).toMatchObject({ failure: "plugin-start" });
    expect(gestaltd.trace.calls.at(-1)?.method).toBe("PluginRuntimeProvider/StopSession");
  });
});
