import { Client, type ClientReadableStream, type ServiceError } from "@grpc/grpc-js";
import { service as health } from "grpc-health-check";
import { credentials } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { healthService } from "../../src/operations/index.js";
import { protocolVersion } from "../../src/protocol/index.js";
import { provider, serve } from "../services/serve-in-process.js";

const runtimeService = "gestalt.provider.v1.PluginRuntimeProvider";
const lifecycleService = "gestalt.provider.v1.ProviderLifecycle";

interface Status {
  readonly status: string;
}

/** gRPC's own definition of its health service, on a client of its own. */
function healthClient(socketPath: string) {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
    "grpc.default_authority": "localhost",
  });
  onTestFinished(() => client.close());
  const { Check, List, Watch } = health as unknown as Record<string, (typeof health)["Check"]>;
  const unary = <Answer>(method: (typeof health)["Check"] | undefined, request: object): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (method === undefined) throw new Error("the definition lacks this method");
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request as never,
        { deadline: Date.now() + 10_000 },
        (error, answer) => (error === null ? resolve(answer as Answer) : reject(error)),
      );
    });
  return {
    check: async (service: string) => (await unary<Status>(Check, { service })).status,
    list: () => unary<{ statuses: Record<string, Status> }>(List, {}),
    watch: (service: string) => {
      if (Watch === undefined) throw new Error("the definition lacks Watch");
      const seen: string[] = [];
      const stream = client.makeServerStreamRequest(
        Watch.path,
        Watch.requestSerialize,
        Watch.responseDeserialize,
        { service } as never,
      ) as unknown as ClientReadableStream<Status>;
      const ended = new Promise<ServiceError | undefined>((resolve) => {
        stream.on("error", resolve);
        stream.on("end", () => resolve(undefined));
      });
      stream.on("data", ({ status }: Status) => seen.push(status));
      return { seen, ended, cancel: () => stream.cancel() };
    },
  };
}

describe("the health service", () => {
  it("LIFE-4: is not there unless asked for", async () => {
    const { socketPath } = await serve(provider());
    await expect(healthClient(socketPath).check("")).rejects.toMatchObject({ code: 12 });
  });

  it("LIFE-4, LIFE-6: follows configuration and HealthCheck, and knows no service that is not there", async () => {
    let answer: () => { ready: boolean; message?: string } = () => ({ ready: true });
    const served = await serve(provider({ healthCheck: () => answer() }), {
      services: [healthService()],
      configure: false,
    });
    const client = healthClient(served.socketPath);
    expect(await client.check("")).toBe("NOT_SERVING");
    expect(await client.check(runtimeService)).toBe("NOT_SERVING");
    expect(await client.check(lifecycleService)).toBe("SERVING");
    await served.lifecycle.configureProvider({ name: "under-test", protocolVersion });
    expect(await client.check("")).toBe("SERVING");
    expect(await client.check(runtimeService)).toBe("SERVING");
    answer = () => ({ ready: false, message: "no cloud" });
    expect(await client.check("")).toBe("NOT_SERVING");
    answer = () => {
      throw new Error("no cloud at all");
    };
    expect(await client.check(runtimeService)).toBe("NOT_SERVING");
    expect(await client.check(lifecycleService)).toBe("SERVING");
    await expect(client.check("another.Service")).rejects.toMatchObject({ code: 5 });
  });

  it("lists all services with their status", async () => {
    const { socketPath } = await serve(provider(), { services: [healthService()] });
    expect(Object.keys((await healthClient(socketPath).list()).statuses).sort()).toEqual(
      ["", "grpc.health.v1.Health", lifecycleService, runtimeService].sort(),
    );
  });

  it("tells watchers of each change, and of the end, which they don't hold up", async () => {
    let ready = true;
    const served = await serve(provider({ healthCheck: () => ({ ready }) }), {
      services: [healthService({ watchEveryMs: 5 })],
    });
    const client = healthClient(served.socketPath);
    const [all, unknown, gone] = [client.watch(""), client.watch("another.Service"), client.watch("")];
    await expect.poll(() => all.seen).toEqual(["SERVING"]);
    await expect.poll(() => unknown.seen).toEqual(["SERVICE_UNKNOWN"]);
    gone.cancel();
    ready = false;
    await expect.poll(() => all.seen).toEqual(["SERVING", "NOT_SERVING"]);
    ready = true;
    await expect.poll(() => all.seen).toEqual(["SERVING", "NOT_SERVING", "SERVING"]);
    await served.end();
    expect(await all.ended).toBeUndefined();
    expect(await unknown.ended).toBeUndefined();
    expect(all.seen).toEqual(["SERVING", "NOT_SERVING", "SERVING", "NOT_SERVING"]);
    expect(unknown.seen).toEqual(["SERVICE_UNKNOWN"]);
    expect(served.log.text).not.toContain("cut off");
  });

  it("LIFE-4: takes a provider that does not answer for one that does not serve", async () => {
    const served = provider({ healthCheck: () => new Promise(() => undefined) });
    const { socketPath } = await serve(served, { services: [healthService({ timeoutMs: 20 })] });
    expect(await healthClient(socketPath).check("")).toBe("NOT_SERVING");
  });
});
