/**
 * The fake gestaltd.
 *
 * A whole host:
 *
 *     await using gestaltd = await startGestaltd({
 *       runtimeProviders: { process: { command: "/abs/process-runtime.mjs", config: {} } },
 *       plugins: { example: { command: "/abs/plugin.mjs", args: ["serve"], cache: ["main"] } },
 *     });
 *     const { status, body } = await gestaltd.execute("example", "echo", { a: 1 });
 *     gestaltd.admin.logs("process", gestaltd.plugin("example").sessionId);
 *     const report = await gestaltd.stop(); // { process: { code: 0, signal: null, killed: false, tookMs } }
 *
 * A provider is given as a `command`, or as the `source` that an operator would write: the path of a
 * `provider-release.yaml`, which is checked, unpacked and verified as the real host does it (or of a source
 * manifest, with a warning). Where its egress is denied it runs in the host's sandbox (PROC-10):
 *
 *     runtimeProviders: { process: { source: "/abs/release/provider-release.yaml", config: {}, sandbox: true } }
 *
 * `new FakeGestaltd(options)`, then `start()` and `stop()`, gives a handle before the start is over. A plugin
 * that can't be hosted is skipped, not thrown: `gestaltd.outcomes.get("example")` is a {@link HostedPlugin} or
 * `{ status: "skipped", failure, message }`. `formatTrace(gestaltd.trace)` tells the whole story.
 *
 * One provider, by hand (raw calls carry a deadline or an AbortSignal only if you give one):
 *
 *     await using provider = await startProvider({ command, name: "process", env, times: { providerStopMs: 500 } });
 *     await provider.handshake({ stateDir });                      // LIFE, with the host's deadlines and checks
 *     const session = await provider.sessions.start({ pluginName: "p", metadata: {} }, { signal });
 *     await provider.sessions.waitUntilReady(session.id);
 *     await provider.runtime.startPlugin({ sessionId: session.id, command: "/x" }, { signal, timeoutMs: 1000 });
 *     await provider.sessions.stop(session.id);                    // or provider.runtime.stopSession(...)
 *     provider.logs.tail("process", session.id, 20);
 *     provider.logHost?.freeze();
 *     await provider.kill();                                       // SIGKILL; or shutdown(): PROC-6
 *
 * A provider under a debugger is started by you, and attached to (`attach` in a host's `runtimeProviders` too):
 *
 *     attachEnvironment("/tmp/p.sock")  // what to start it with: GESTALT_PLUGIN_SOCKET, GESTALT_RUNTIME_LOG_SOCKET
 *     await using provider = await startProvider({ attach: "/tmp/p.sock" });  // waits for it, and never ends it
 *
 * A provider object within this process, for unit tests (`provider` in a host's `runtimeProviders` too):
 *
 *     await using provider = await startProvider({ provider: (env) => createSessionRuntime(backend, { logs }) });
 *
 * Relay access for a provider by hand, with good and bad tokens:
 *
 *     await using relay = await openPublicListener({ tls: { cert, key }, trace: provider.trace });
 *     await using services = await offerHostServices(provider, { plugin: "p", sessionId, caches: ["main"], relay });
 *     for (const { envVar, dialTarget } of services.bindings)
 *       await provider.runtime.bindHostService({ sessionId, envVar, relay: { dialTarget } });
 *     await provider.runtime.startPlugin({ sessionId, command, env: services.env, allowedHosts: services.allowedHosts });
 *     await relay.tokens.relay(claims, { lifetimeMs: -1_000 });   // one that is over; see TokenFaults
 *
 * `ProviderInstance.spawn(options)` does not wait for the provider to serve; `connect()` does.
 */
export { startGestaltd, FakeGestaltd, type GestaltdStopReport } from "./gestaltd.js";
export type { HostTraits, HostVersion } from "./host-version.js";
export { AgentInstance, AgentPool, type PoolOptions } from "../agents/index.js";
export type {
  AgentOptions,
  EgressOptions,
  HostedProgram,
  GestaltdOptions,
  PluginOptions,
  ProviderSource,
  RuntimeProviderOptions,
} from "./options.js";
export { HostedPlugin, type PluginOutcome, type SkippedPlugin } from "./hosted-plugin.js";
export { openPublicListener, type PublicSideOptions } from "./public-side.js";
export { offerHostServices, type OfferedServices, type OfferOptions } from "./offer-services.js";
export {
  HostTokens,
  PublicListener,
  relayTokenHeader,
  type EgressClaims,
  type PublicListenerOptions,
  type RelayClaims,
  type RelayedSession,
  type TlsPair,
  type TokenFaults,
} from "../relay/index.js";
export { startProvider, ProviderInstance, type ProviderInstanceOptions } from "./provider-instance.js";
export { ProviderProcess, describeEnd, type ProcessEnd, type ShutdownReport } from "./provider-process.js";
export type { ProviderProgram } from "./provider-program.js";
export { attachEnvironment } from "./provider-attach.js";
export { SessionCalls } from "./session-calls.js";
export type { Handshake } from "./handshake.js";
export { HostError, type HostFailure } from "./host-error.js";
export {
  HostTrace,
  type HostCall,
  type HostEvent,
  type HostEventRecord,
  type HostTraceOptions,
} from "./trace.js";
export { formatCall, formatEvent, formatTrace, type FormatOptions } from "./format-trace.js";
export { hostLimits, hostTimes, type HostLimits, type HostTimes } from "./times.js";
export { LogStore, type LogRecord, type LogStreamName } from "./log-store.js";
export type { LogBatch, LogHost } from "./log-host.js";
export type { InProcessProvider } from "./provider-in-process.js";
export type { WorkspaceRequest } from "./workspace-calls.js";
export { CacheStore } from "./cache-store.js";
export { Admin, type AdminProvider, type SupportProfile } from "./admin.js";
export { inheritedVariables } from "./provider-environment.js";
