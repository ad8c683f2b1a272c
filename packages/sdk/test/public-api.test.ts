import { expect, it } from "vitest";
import * as sdk from "../src/index.js";
import * as egress from "../src/egress/index.js";
import * as guests from "../src/guests/index.js";
import * as opentelemetry from "../src/opentelemetry/index.js";
import * as operations from "../src/operations/index.js";
import * as processes from "../src/processes/index.js";
import * as protocol from "../src/protocol/index.js";

/** Adding to these lists is a decision; taking away from them breaks somebody. */
it("the public API has these values and no others", () => {
  expect(Object.keys(sdk).sort()).toEqual([
    "BackendError",
    "RuntimeProviderError",
    "bindingEnvironment",
    "canonicalHost",
    "createLogForwarder",
    "createSessionRuntime",
    "createStderrLogger",
    "defaultStateDirectory",
    "egressPolicy",
    "enforcesEgress",
    "fileSessionStore",
    "formatDialTarget",
    "hostSandbox",
    "jsonSchema",
    "jsonSchemaFile",
    "logForwarderFromEnvironment",
    "maxUnixPathBytes",
    "memorySessionStore",
    "openBridge",
    "openHostService",
    "openInstanceDirectory",
    "parseDialTarget",
    "parseHostDialTarget",
    "parseImageReference",
    "pluginEnvironment",
    "probeHttp2",
    "readAsset",
    "registryCredentials",
    "safeBaseEnvironment",
    "servePluginRuntimeProvider",
    "waitForHttp2",
  ]);
  expect(Object.keys(egress).sort()).toEqual([
    "canonicalHost",
    "createEgressProxy",
    "egressPolicy",
    "egressProxyEnvironment",
    "enforcedEgress",
    "enforcesEgress",
    "upstreamProxyUrl",
  ]);
  expect(Object.keys(guests).sort()).toEqual([
    "envOverStdin",
    "guestBridge",
    "shellLauncher",
    "streamOverExec",
  ]);
  expect(Object.keys(opentelemetry).sort()).toEqual(["openTelemetryMiddleware", "traceMetadata"]);
  expect(Object.keys(operations).sort()).toEqual(["healthService", "reflectionService"]);
  expect(Object.keys(processes).sort()).toEqual([
    "SpawnError",
    "checkProgram",
    "detectContainment",
    "findTool",
    "isProcessAlive",
    "killMarked",
    "openProcessTree",
    "processIdentity",
  ]);
});

it("the protocol has its services, its adapter and generated messages, and nothing else", () => {
  const generated = /^(file_|.*Schema$)/;
  expect(
    Object.keys(protocol)
      .filter((name) => !generated.test(name))
      .sort(),
  ).toEqual([
    "Cache",
    "ConnectionMode",
    "IntegrationProvider",
    "PluginRuntimeEgressMode",
    "PluginRuntimeHostServiceAccess",
    "PluginRuntimeLogHost",
    "PluginRuntimeLogStream",
    "PluginRuntimeProvider",
    "ProviderKind",
    "ProviderLifecycle",
    "addUnaryService",
    "grpcServiceDefinition",
    "openChannel",
    "protocolVersion",
  ]);
});
