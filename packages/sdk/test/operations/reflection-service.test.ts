import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  Client,
  credentials,
  loadPackageDefinition,
  type ClientDuplexStream,
  type ServiceClientConstructor,
} from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer, loadSync } from "@grpc/proto-loader";
import { describe, expect, it, onTestFinished } from "vitest";
import { healthService, reflectionService } from "../../src/operations/index.js";
import { provider, serve } from "../services/serve-in-process.js";

const runtimeService = "gestalt.provider.v1.PluginRuntimeProvider";
const lifecycleService = "gestalt.provider.v1.ProviderLifecycle";

interface Answer {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Buffer[] };
  readonly allExtensionNumbersResponse?: { readonly baseTypeName: string };
  readonly errorResponse?: { readonly errorCode: number; readonly errorMessage: string };
  readonly originalRequest?: object;
}

const protos = join(
  dirname(createRequire(import.meta.url).resolve("@grpc/reflection/package.json")),
  "build/proto",
);

function at(tree: unknown, path: string): ServiceClientConstructor {
  return path
    .split(".")
    .reduce((node, name) => (node as Record<string, unknown>)[name], tree) as ServiceClientConstructor;
}

/** A client that knows reflection from gRPC's own files, and nothing of the provider. */
function reflectionClient(socketPath: string, version: "v1" | "v1alpha") {
  const definition = loadSync(`grpc/reflection/${version}/reflection.proto`, { includeDirs: [protos] });
  const Reflection = at(loadPackageDefinition(definition), `grpc.reflection.${version}.ServerReflection`);
  const client = connect(Reflection, socketPath);
  const stream = (
    client as unknown as Record<string, () => ClientDuplexStream<object, Answer>>
  ).ServerReflectionInfo?.();
  if (stream === undefined) throw new Error("the definition lacks its method");
  const ended = new Promise<unknown>((resolve) => {
    stream.on("error", resolve);
    stream.on("end", () => resolve(undefined));
  });
  return {
    ended,
    end: () => stream.end(),
    ask: (request: object): Promise<Answer> =>
      new Promise((resolve, reject) => {
        stream.once("data", resolve);
        stream.once("error", reject);
        stream.write(request);
      }),
  };
}

function connect(Service: ServiceClientConstructor, socketPath: string): Client {
  const client = new Service(`unix:${socketPath}`, credentials.createInsecure(), {
    "grpc.default_authority": "localhost",
  });
  onTestFinished(() => client.close());
  return client;
}

/** A field of a FileDescriptorSet, number 1, for each file. */
function descriptorSet(files: readonly Buffer[]): Buffer {
  return Buffer.concat(
    files.flatMap((file) => {
      const length: number[] = [];
      for (let rest = file.length; ; rest >>>= 7) {
        length.push(rest > 127 ? (rest & 127) | 128 : rest);
        if (rest <= 127) break;
      }
      return [Buffer.from([0x0a, ...length]), file];
    }),
  );
}

describe("the reflection service", () => {
  it("is not there unless asked for", async () => {
    const { socketPath } = await serve(provider());
    await expect(reflectionClient(socketPath, "v1").ask({ listServices: "" })).rejects.toMatchObject({
      code: 12,
    });
  });

  it.each(["v1", "v1alpha"] as const)(
    "lets a client that knows nothing call the provider, by %s",
    async (version) => {
      const { socketPath } = await serve(provider(), { services: [healthService(), reflectionService()] });
      const reflection = reflectionClient(socketPath, version);
      const { listServicesResponse } = await reflection.ask({ listServices: "" });
      expect(listServicesResponse?.service.map(({ name }) => name)).toEqual([
        runtimeService,
        lifecycleService,
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
      ]);
      for (const [service, method, request, wanted] of [
        [runtimeService, "GetSession", { session_id: "a" }, { id: "a", state: "running" }],
        [lifecycleService, "HealthCheck", {}, { ready: true }],
        ["grpc.health.v1.Health", "Check", { service: "" }, { status: "SERVING" }],
      ] as const) {
        const { fileDescriptorResponse } = await reflection.ask({
          fileContainingSymbol: `${service}.${method}`,
        });
        const files = descriptorSet(fileDescriptorResponse?.fileDescriptorProto ?? []);
        const found = at(
          loadPackageDefinition(loadFileDescriptorSetFromBuffer(files, { enums: String })),
          service,
        );
        const client = connect(found, socketPath) as unknown as Record<
          string,
          (request: object, callback: (error: Error | null, answer: object) => void) => void
        >;
        const answer = await new Promise((resolve, reject) =>
          client[method]?.(request, (error, value) => (error === null ? resolve(value) : reject(error))),
        );
        expect(answer).toMatchObject(wanted);
      }
      reflection.end();
      expect(await reflection.ended).toBeUndefined();
    },
  );

  it("finds files and types by name, and says what is not there", async () => {
    const { socketPath } = await serve(provider(), { services: [reflectionService()] });
    const { ask } = reflectionClient(socketPath, "v1");
    const byName = await ask({ fileByFilename: "gestalt/provider/v1/lifecycle.proto" });
    const byType = await ask({ fileContainingSymbol: "gestalt.provider.v1.ProviderIdentity" });
    expect(byName.fileDescriptorResponse?.fileDescriptorProto.length).toBeGreaterThan(1);
    expect(byType.fileDescriptorResponse).toEqual(byName.fileDescriptorResponse);
    const type = "gestalt.provider.v1.ProviderIdentity";
    expect((await ask({ allExtensionNumbersOfType: type })).allExtensionNumbersResponse?.baseTypeName).toBe(
      type,
    );
    for (const request of [
      { fileByFilename: "no/such.proto" },
      { fileContainingSymbol: "no.such.Symbol" },
      { fileContainingExtension: { containingType: type, extensionNumber: 1 } },
      { allExtensionNumbersOfType: "no.such.Type" },
    ])
      expect((await ask(request)).errorResponse?.errorCode).toBe(5);
    expect((await ask({ host: "h" })).errorResponse?.errorCode).toBe(3);
  });

  it("PROC-6: an open stream does not hold up the provider's end", async () => {
    const served = await serve(provider(), { services: [reflectionService()] });
    const reflection = reflectionClient(served.socketPath, "v1");
    await reflection.ask({ listServices: "" });
    await served.end();
    expect(await reflection.ended).toBeUndefined();
  });
});
