export { servePluginRuntimeProvider, type ServeOptions } from "./serve/serve.js";
export { createStderrLogger, type StderrLoggerOptions } from "./serve/stderr-logger.js";
export type { Awaitable, PluginRuntimeProvider } from "./provider/provider.js";
export type { BackgroundContext, CallContext, ConfigureContext } from "./provider/context.js";
export type { Logger } from "./provider/logger.js";
export type { ExtraService, ServedProvider } from "./operations/extra-service.js";
export type { Middleware, MiddlewareCall } from "./operations/middleware.js";
export type * from "./provider/types.js";
export { jsonSchema, jsonSchemaFile } from "./config/config-schema.js";
export { readAsset } from "./assets/read-asset.js";
export { RuntimeProviderError } from "./errors/runtime-provider-error.js";
export type { ErrorCode } from "./errors/status.js";
export {
  formatDialTarget,
  maxUnixPathBytes,
  parseDialTarget,
  parseHostDialTarget,
  type DialTarget,
} from "./dial-target/dial-target.js";
export {
  probeHttp2,
  waitForHttp2,
  type Http2Answer,
  type WaitForHttp2Options,
} from "./dial-target/http2-probe.js";
export {
  createLogForwarder,
  logForwarderFromEnvironment,
  type LogClock,
  type LogForwarder,
  type LogForwarderOptions,
  type LogForwarderStats,
  type LogPullOptions,
  type LogPullRead,
  type LogPullSink,
  type LogStream,
  type LogTimer,
  type SessionLog,
  type SessionLogOptions,
} from "./logs/index.js";
export {
  egressPolicy,
  enforcesEgress,
  type EgressEnforcement,
  type EgressPolicy,
  type EgressPolicyFields,
} from "./egress/policy.js";
export { canonicalHost } from "./egress/host.js";
export {
  parseImageReference,
  registryCredentials,
  type ImageReference,
  type RegistryCredentials,
} from "./images/index.js";
export {
  bindingEnvironment,
  openHostService,
  type HostService,
  type HostServiceOptions,
} from "./host-services/index.js";
export { hostSandbox, type HostSandbox } from "./sandbox/index.js";
export * from "./sessions/index.js";
export {
  defaultStateDirectory,
  openInstanceDirectory,
  type InstanceDirectory,
  type InstanceDirectoryOptions,
} from "./state-directory/index.js";
export {
  openBridge,
  type Bridge,
  type BridgeDial,
  type BridgeListen,
  type BridgeOptions,
  type BridgeTcpListen,
  type BridgeTlsListen,
  type BridgeUnixListen,
  type BridgeUpstream,
} from "./bridge/index.js";
export { fileSessionStore, memorySessionStore, type FileSessionStoreOptions } from "./store/index.js";
