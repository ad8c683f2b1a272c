import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { ProviderKind } from "../../src/protocol/index.js";
import {
  jsonSchema,
  jsonSchemaFile,
  type ConfigSchema,
  type JsonObject,
  type PluginRuntimeProvider,
} from "../../src/index.js";
import { provider, serve, type Served } from "./serve-in-process.js";

const schema: JsonObject = {
  type: "object",
  required: ["region"],
  additionalProperties: false,
  properties: {
    region: { type: "string" },
    pool: { type: "object", properties: { size: { type: "integer", minimum: 1, default: 4 } }, default: {} },
    hosts: { type: "array", items: { type: "string", format: "hostname" } },
  },
};

function toCheck(schema: JsonObject | string | URL): ConfigSchema {
  return typeof schema === "string" || schema instanceof URL ? jsonSchemaFile(schema) : jsonSchema(schema);
}

function configure({ lifecycle }: Served, config?: JsonObject, protocolVersion = 3): Promise<unknown> {
  return lifecycle.configureProvider({
    name: "ops",
    protocolVersion,
    ...(config !== undefined && { config }),
  });
}

async function unconfigured(methods: Partial<PluginRuntimeProvider> = {}): Promise<Served> {
  return serve(provider(methods), { configure: false });
}

describe("ProviderLifecycle", () => {
  it("LIFE-1, LIFE-7: identity before and after configuration, with the kind, the range and what changed", async () => {
    let warnings: string[] = [];
    // A getter: spreading the provider would freeze what it says.
    const changing = Object.defineProperty(provider(), "identity", {
      get: () => ({ displayName: "Under test", description: "d", version: "1.2.3", warnings }),
    });
    const served = await serve(changing, { configure: false });
    const identity = {
      kind: ProviderKind.RUNTIME,
      displayName: "Under test",
      description: "d",
      version: "1.2.3",
      minProtocolVersion: 3,
      maxProtocolVersion: 3,
    };
    expect(await served.lifecycle.getProviderIdentity()).toMatchObject({
      ...identity,
      name: "runtime",
      warnings: [],
    });
    await configure(served);
    warnings = ["no disk"];
    expect(await served.lifecycle.getProviderIdentity()).toMatchObject({
      ...identity,
      name: "ops",
      warnings: ["no disk"],
    });
  });

  it.each([0, 1, 2, 4])(
    "LIFE-2: protocol version %i is FAILED_PRECONDITION, and 3 is then taken",
    async (version) => {
      const served = await unconfigured();
      await expect(configure(served, {}, version)).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: `protocol_version is ${version}; this provider speaks version 3 alone`,
      });
      expect(await configure(served)).toMatchObject({ protocolVersion: 3 });
    },
  );

  it("LIFE-2, LIFE-3: an absent config is an empty one; numbers and names arrive", async () => {
    const seen: unknown[] = [];
    const served = await unconfigured({
      configure: (config, { name }) => {
        seen.push([name, config]);
        if (seen.length === 1) throw new Error("not yet");
      },
    });
    await expect(configure(served)).rejects.toMatchObject({ message: "ConfigureProvider: not yet" });
    await configure(served, { n: 1.5, list: [1, { a: null }] });
    expect(seen).toEqual([
      ["ops", {}],
      ["ops", { n: 1.5, list: [1, { a: null }] }],
    ]);
  });

  it("LIFE-3: a config with mistakes names every path at once; the provider lives and takes a right one, defaults filled in", async () => {
    let taken: JsonObject | undefined;
    const served = await unconfigured({
      configSchema: jsonSchema(schema),
      configure: (config) => void (taken = config),
    });
    await expect(
      configure(served, { pool: { size: 0 }, hosts: ["ok", "not a host"], zone: 1 }),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message:
        'the config of runtime provider "ops" breaks its schema in 4 places: /region is missing; /zone is not a known field; ' +
        '/pool/size must be >= 1; /hosts/1 must match format "hostname"',
    });
    expect(taken).toBeUndefined();
    await configure(served, { region: "eu" });
    expect(taken).toEqual({ region: "eu", pool: { size: 4 } });
  });

  it.each(["schema.json", "schema.yaml"])(
    "LIFE-3: reads the schema from %s, by path and by URL",
    async (name) => {
      const folder = mkdtempSync("/tmp/l1-");
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const path = join(folder, name);
      // Draft-07 by name: `definitions` and no `$defs`.
      const old = {
        $schema: "http://json-schema.org/draft-07/schema#",
        type: "object",
        properties: { a: { $ref: "#/definitions/t" } },
        definitions: { t: { type: "string" } },
      };
      writeFileSync(path, name.endsWith("json") ? JSON.stringify(old) : `# comment\n${JSON.stringify(old)}`);
      for (const configSchema of [path, pathToFileURL(path)]) {
        const served = await unconfigured({ configSchema: toCheck(configSchema) });
        await expect(configure(served, { a: 1 })).rejects.toMatchObject({
          message: expect.stringContaining("/a must be string") as string,
        });
        await configure(served, { a: "1" });
      }
    },
  );

  it.each([
    ["/nowhere/schema.yaml", "config schema /nowhere/schema.yaml can't be read"],
    [{ type: "no-such-type" }, "config schema is no valid JSON Schema"],
  ] as [string | JsonObject, string][])(
    "LIFE-3: a schema that can't be used is the provider's fault: %j",
    async (configSchema, text) => {
      const served = await unconfigured({ configSchema: toCheck(configSchema) });
      await expect(configure(served)).rejects.toMatchObject({
        code: "INTERNAL",
        message: expect.stringContaining(text) as string,
      });
    },
  );

  it("LIFE-2: a second configuration is refused, also when both come at once", async () => {
    const served = await unconfigured();
    const outcomes = await Promise.allSettled([configure(served), configure(served)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    await expect(configure(served)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: 'the provider is configured already, as "ops"; start another one',
    });
  });

  it("LIFE-4: trouble is an answer, never an error", async () => {
    const trouble = (healthCheck: PluginRuntimeProvider["healthCheck"]) =>
      serve(provider(healthCheck === undefined ? {} : { healthCheck }));
    expect(await (await unconfigured()).lifecycle.healthCheck()).toMatchObject({
      ready: false,
      message: "the provider is not configured yet",
    });
    expect(await (await trouble(undefined)).lifecycle.healthCheck()).toMatchObject({
      ready: true,
      message: "",
    });
    expect(
      await (await trouble(() => ({ ready: false, message: "no quota" }))).lifecycle.healthCheck(),
    ).toMatchObject({ ready: false, message: "no quota" });
    expect(
      await (await trouble(() => Promise.reject(new Error("no route")))).lifecycle.healthCheck(),
    ).toMatchObject({ ready: false, message: "HealthCheck: no route" });
  });

  it("LIFE-5: background work begins once configured, keeps nobody waiting, and its failure is reported", async () => {
    let began = 0;
    const served = await unconfigured({
      start: async ({ name }) => {
        began += 1;
        await Promise.resolve();
        throw new Error(`${name} could not warm up`);
      },
    });
    expect(began).toBe(0);
    await configure(served);
    await expect.poll(() => served.log.text).toContain("ops could not warm up");
    expect(await served.lifecycle.startProvider()).toMatchObject({ protocolVersion: 3 });
    expect(began).toBe(1);
  });

  it("LIFE-6: every runtime call before configuration is FAILED_PRECONDITION", async () => {
    const { runtime, lifecycle } = await unconfigured();
    const calls: Record<string, Promise<unknown>> = {
      StartProvider: lifecycle.startProvider(),
      GetSupport: runtime.getSupport(),
      StartSession: runtime.startSession(),
      GetSession: runtime.getSession({ sessionId: "s" }),
      ListSessions: runtime.listSessions(),
      StopSession: runtime.stopSession({ sessionId: "s" }),
      BindHostService: runtime.bindHostService({ sessionId: "s" }),
      StartPlugin: runtime.startPlugin({ sessionId: "s" }),
      PrepareWorkspace: runtime.prepareWorkspace({ sessionId: "s" }),
      RemoveWorkspace: runtime.removeWorkspace({ sessionId: "s" }),
    };
    for (const [method, call] of Object.entries(calls))
      await expect(call).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: `${method}: the provider is not configured yet; call ConfigureProvider first`,
      });
  });
});
