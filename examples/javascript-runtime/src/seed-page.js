#!/usr/bin/env node
// It answers every call, as the example on gestaltd's page about runtime providers does: one fixed session, bindings
// that are taken and kept nowhere, a fixed dial target, and no plugin. Socket, signals and lifecycle are in order.
import { protocolVersion } from "./protocol.js";
import { precondition } from "./refusal.js";
import { serve } from "./serve.js";

const session = { id: "session-1", state: "ready" };

const lifecycle = {
  GetProviderIdentity: () => ({
    kind: "PROVIDER_KIND_RUNTIME",
    name: "example",
    displayName: "Example Runtime",
    description: "Hosted runtime backend for executable plugins.",
    version: "0.0.1",
    minProtocolVersion: protocolVersion,
    maxProtocolVersion: protocolVersion,
  }),
  ConfigureProvider: ({ protocolVersion: version }) => {
    if (version !== protocolVersion)
      throw precondition(`protocol_version is ${version}; this provider speaks ${protocolVersion}`);
    return { protocolVersion };
  },
  HealthCheck: () => ({ ready: true }),
  StartProvider: () => ({ protocolVersion }),
};

const runtime = {
  GetSupport: () => ({
    canHostPlugins: true,
    hostServiceAccess: "PLUGIN_RUNTIME_HOST_SERVICE_ACCESS_DIRECT",
    egressMode: "PLUGIN_RUNTIME_EGRESS_MODE_HOSTNAME",
  }),
  StartSession: () => session,
  GetSession: () => session,
  StopSession: () => ({}),
  BindHostService: ({ sessionId, envVar, relay }) => ({ id: "binding-1", sessionId, envVar, relay }),
  StartPlugin: ({ sessionId, pluginName }) => ({
    id: "plugin-1",
    sessionId,
    pluginName,
    dialTarget: "unix:///tmp/example-runtime/plugin.sock",
  }),
};

process.exit(
  await serve({ lifecycle, runtime, refuseMore: () => undefined, close: () => Promise.resolve() }),
);
