import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { credentials, Server, ServerCredentials, type ServerUnaryCall } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { RuntimeProviderError } from "../../src/index.js";
import {
  addUnaryService,
  Cache,
  CacheGetResponseSchema,
  grpcServiceDefinition,
  IntegrationProvider,
  openChannel,
  PluginRuntimeLogHost,
  PluginRuntimeProvider,
  ProviderLifecycle,
  type CacheGetResponse,
  type ProtocolChannel,
  type UnaryHandlers,
} from "../../src/protocol/index.js";

function channelTo(target: string): ProtocolChannel {
  const channel = openChannel(target, credentials.createInsecure());
  onTestFinished(() => channel.close());
  return channel;
}

async function served(handlers: UnaryHandlers<typeof Cache>): Promise<ProtocolChannel> {
  const folder = mkdtempSync("/tmp/l1-");
  const path = join(folder, "s");
  const server = new Server({ "grpc.enable_channelz": 0 });
  addUnaryService(server, Cache, handlers);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  onTestFinished(() => {
    server.forceShutdown();
    rmSync(folder, { recursive: true });
  });
  return channelTo(`unix:${path}`);
}

describe("grpcServiceDefinition", () => {
  it.each([
    [ProviderLifecycle, 4],
    [PluginRuntimeProvider, 9],
    [PluginRuntimeLogHost, 1],
    [IntegrationProvider, 3],
    [Cache, 3],
  ])("has the methods of a service under their full paths: %s", (service, count) => {
    const definition = grpcServiceDefinition(service);
    expect(Object.keys(definition)).toHaveLength(count);
    for (const method of service.methods)
      expect(definition[method.localName]).toMatchObject({
        path: `/${service.typeName}/${method.name}`,
        requestStream: false,
        responseStream: false,
      });
  });

  it("writes and reads a message, bytes included", () => {
    const { get } = grpcServiceDefinition(Cache);
    const message = create(CacheGetResponseSchema, { found: true, value: new Uint8Array([0, 255]) });
    const read = get?.responseDeserialize(get.responseSerialize(message)) as CacheGetResponse;
    expect({ found: read.found, value: [...read.value] }).toEqual({ found: true, value: [0, 255] });
  });
});

describe("a client and a service", () => {
  it("a call reaches its handler with request and metadata, and its answer comes back", async () => {
    let call: ServerUnaryCall<unknown, unknown> | undefined;
    const channel = await served({
      get: (request, wire) => {
        call = wire;
        return { found: true, value: Buffer.from(request.key) };
      },
    });
    const answer = await channel.client(Cache).get({ key: "ключ" }, { metadata: { "x-token": "t" } });
    expect(Buffer.from(answer.value).toString()).toBe("ключ");
    expect(call?.metadata.get("x-token")).toEqual(["t"]);
    expect(call?.getHost()).toBe("localhost");
    expect(call?.getDeadline()).toBe(Infinity);
  });

  it("a handler that is left out is UNIMPLEMENTED, by its full name", async () => {
    const channel = await served({});
    await expect(channel.client(Cache).get()).rejects.toMatchObject({
      code: "UNIMPLEMENTED",
      message: "gestalt.provider.v1.Cache/Get is not implemented",
    });
  });

  it.each([
    [new RuntimeProviderError("ABORTED", "as it is"), "ABORTED", "as it is"],
    [new Error("plain"), "UNKNOWN", "Get: plain"],
    [new Error("x".repeat(200_000)), "UNKNOWN", `Get: ${"x".repeat(16_379)}… (cut off: 200005 bytes)`],
  ])("what a handler throws comes back as an error with its code", async (thrown, code, message) => {
    const channel = await served({
      get: () => {
        throw thrown;
      },
    });
    const error = await channel
      .client(Cache)
      .get({}, { timeoutMs: 5_000 })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RuntimeProviderError);
    expect(error).toMatchObject({ code, message });
    expect((error as Error).cause).toBeInstanceOf(Error);
  });

  it("a call ends with its deadline, and with its signal", async () => {
    const cancelled: boolean[] = [];
    const channel = await served({
      get: (_, call) => new Promise(() => call.on("cancelled", () => cancelled.push(true))),
    });
    const cache = channel.client(Cache);
    await expect(cache.get({}, { timeoutMs: 50 })).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    const cancel = new AbortController();
    const call = cache.get({}, { signal: cancel.signal });
    setImmediate(() => cancel.abort());
    await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(cache.get({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "CANCELLED",
      message: "Get: cancelled before it was sent",
    });
    await expect.poll(() => cancelled.length).toBeGreaterThan(0);
  });

  it("a call that succeeded leaves no listener on its signal", async () => {
    const channel = await served({ get: () => ({ found: true }) });
    const { signal } = new AbortController();
    const listeners: unknown[] = [];
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners.push(args[1]);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners.splice(listeners.indexOf(args[1]), 1);
      remove(...args);
    };
    await channel.client(Cache).get({}, { signal });
    expect(listeners).toEqual([]);
  });
});

describe("a channel without a server", () => {
  it("fails at once, or by its limits", async () => {
    const channel = channelTo("unix:/nowhere/at/all.sock");
    const cache = channel.client(Cache);
    await expect(cache.get()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(cache.get({}, { waitForReady: true, timeoutMs: 50 })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    });
    await expect(channel.waitForReady(50)).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: "unix:/nowhere/at/all.sock did not get ready within 50 ms",
    });
  });

  it("DIAL-4: uses no proxy of the environment", async () => {
    const before = process.env.http_proxy;
    process.env.http_proxy = "http://127.0.0.1:1";
    onTestFinished(() => {
      if (before === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = before;
    });
    const server = new Server();
    addUnaryService(server, Cache, { get: () => ({ found: true }) });
    const port = await new Promise<number>((resolve) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
    });
    onTestFinished(() => server.forceShutdown());
    expect((await channelTo(`127.0.0.1:${port}`).client(Cache).get()).found).toBe(true);
  });
});
