import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  METRIC_RPC_SERVER_CALL_DURATION,
  RPC_SYSTEM_NAME_VALUE_GRPC,
} from "@opentelemetry/semantic-conventions";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openHostService, RuntimeProviderError, type PluginRuntimeProvider } from "../../src/index.js";
import {
  openTelemetryMiddleware,
  traceMetadata,
  type OpenTelemetryOptions,
} from "../../src/opentelemetry/index.js";
import { addUnaryService, Cache } from "../../src/protocol/index.js";
import { temporaryFolder } from "../serve/provider-process.js";
import { provider, serve, type Served } from "../services/serve-in-process.js";
import { startTelemetry, type Telemetry } from "./telemetry.js";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parentId = "b7ad6b7169203331";
const metadata = { traceparent: `00-${traceId}-${parentId}-01` };
const runtimeService = "gestalt.provider.v1.PluginRuntimeProvider";

async function serveTraced(
  methods: Partial<PluginRuntimeProvider> = {},
  options: OpenTelemetryOptions = {},
): Promise<Telemetry & Served> {
  const telemetry = startTelemetry();
  const { tracerProvider, meterProvider } = telemetry;
  const middleware = [openTelemetryMiddleware({ tracerProvider, meterProvider, ...options })];
  return { ...telemetry, ...(await serve(provider(methods), { middleware })) };
}

describe("OpenTelemetry's middleware", () => {
  it("makes a span and a measurement of each call, by the names of the conventions", async () => {
    const { runtime, spans, histogram } = await serveTraced();
    await runtime.startSession({ pluginName: "p" }, { metadata });
    const [configured, started] = spans();
    const attributes = {
      [ATTR_RPC_SYSTEM_NAME]: RPC_SYSTEM_NAME_VALUE_GRPC,
      [ATTR_RPC_METHOD]: `${runtimeService}/StartSession`,
      [ATTR_RPC_STATUS_CODE]: "OK",
    };
    expect(configured?.name).toBe("gestalt.provider.v1.ProviderLifecycle/ConfigureProvider");
    expect(started).toMatchObject({
      name: `${runtimeService}/StartSession`,
      kind: SpanKind.SERVER,
      attributes,
    });
    expect(Object.keys(started?.attributes ?? {}).sort()).toEqual(Object.keys(attributes).sort());
    expect(started?.status.code).toBe(SpanStatusCode.UNSET);
    const { descriptor, dataPoints } = await histogram();
    expect(descriptor).toMatchObject({ name: METRIC_RPC_SERVER_CALL_DURATION, unit: "s" });
    expect(dataPoints.map((point) => point.attributes)).toContainEqual(attributes);
    expect(dataPoints.every(({ value }) => value.count === 1 && (value.sum ?? -1) > 0)).toBe(true);
  });

  it("continues the trace that the call's metadata names, and starts one where it names none", async () => {
    const { runtime, spans } = await serveTraced();
    await runtime.getSession({ sessionId: "a" }, { metadata });
    await runtime.getSession({ sessionId: "a" }, { metadata: { traceparent: "00-nonsense" } });
    const [, continued, own] = spans();
    expect(continued?.spanContext().traceId).toBe(traceId);
    expect(continued?.parentSpanContext?.spanId).toBe(parentId);
    expect(own?.parentSpanContext).toBeUndefined();
    expect(own?.spanContext().traceId).not.toBe(traceId);
  });

  it.each([
    ["NOT_FOUND", undefined, SpanStatusCode.UNSET],
    ["INVALID_ARGUMENT", undefined, SpanStatusCode.UNSET],
    ["INTERNAL", "INTERNAL", SpanStatusCode.ERROR],
    ["UNAVAILABLE", "UNAVAILABLE", SpanStatusCode.ERROR],
  ] as const)(
    "tells the status %s, and only a server's fault as an error; never its text",
    async (code, type, status) => {
      const { runtime, spans, histogram, text } = await serveTraced({
        startSession: () => {
          throw new RuntimeProviderError(code, "planted-secret in an error");
        },
      });
      await expect(runtime.startSession({ pluginName: "p" })).rejects.toMatchObject({ code });
      const span = spans().at(-1);
      expect(span?.attributes[ATTR_RPC_STATUS_CODE]).toBe(code);
      expect(span?.attributes[ATTR_ERROR_TYPE]).toBe(type);
      expect(span?.status.code).toBe(status);
      const point = (await histogram()).dataPoints.at(-1);
      expect(point?.attributes).toEqual(span?.attributes);
      expect(await text()).not.toContain("planted-secret");
    },
  );

  it("has its span active while the call runs, also in calls to host services", async () => {
    const path = join(temporaryFolder(), "cache.sock");
    const seen: string[] = [];
    const cache = new Server();
    addUnaryService(cache, Cache, {
      get: (_, { metadata: sent }) => {
        seen.push(
          String(sent.get("traceparent")[0]),
          String(sent.get("x-gestalt-host-service-relay-token")[0]),
        );
        return { found: true };
      },
    });
    onTestFinished(() => cache.forceShutdown());
    await new Promise((resolve) =>
      cache.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), resolve),
    );
    const service = openHostService("CACHE", { env: { CACHE: path, CACHE_TOKEN: "token-of-the-binding" } });
    onTestFinished(() => service.close());
    const { runtime, spans, tracerProvider } = await serveTraced({
      startSession: async ({ metadata: own }) => {
        tracerProvider.getTracer("author").startSpan("own work").end();
        await service.client(Cache).get({ key: "k" }, { timeoutMs: 10_000, metadata: traceMetadata() });
        return { id: "session-1", state: "ready", metadata: own };
      },
    });
    await runtime.startSession({ pluginName: "p" }, { metadata });
    const call = spans().find(({ name }) => name.endsWith("/StartSession"));
    const own = spans().find(({ name }) => name === "own work");
    expect(own?.parentSpanContext?.spanId).toBe(call?.spanContext().spanId);
    expect(seen).toEqual([`00-${traceId}-${String(call?.spanContext().spanId)}-01`, "token-of-the-binding"]);
    expect(traceMetadata()).toEqual({});
  });

  it("SESS-5: measures without a span where that is asked for", async () => {
    const { runtime, spans, histogram } = await serveTraced({}, { withoutSpans: ["GetSession"] });
    await runtime.getSession({ sessionId: "a" });
    expect(spans().map(({ name }) => name)).toEqual([
      "gestalt.provider.v1.ProviderLifecycle/ConfigureProvider",
    ]);
    const measured = (await histogram()).dataPoints.map((point) => point.attributes[ATTR_RPC_METHOD]);
    expect(measured).toContain(`${runtimeService}/GetSession`);
  });

  it("does nothing where no OpenTelemetry SDK is registered", async () => {
    const { runtime } = await serve(provider(), { middleware: [openTelemetryMiddleware()] });
    expect(await runtime.getSession({ sessionId: "a" }, { metadata })).toMatchObject({ id: "a" });
    expect(trace.getActiveSpan()).toBeUndefined();
  });
});
