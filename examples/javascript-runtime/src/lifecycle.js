import { parseConfig } from "./config.js";
import { protocolVersion } from "./protocol.js";
import { precondition } from "./refusal.js";
import { complain } from "./stderr.js";

/** ProviderLifecycle (LIFE). @param {import("./provider.js").Provider} provider */
export const lifecycleMethods = (provider) => ({
  GetProviderIdentity: () => ({
    kind: "PROVIDER_KIND_RUNTIME",
    name: "javascript-runtime",
    displayName: "JavaScript runtime",
    description: "Runs plugins as processes of this machine; written in JavaScript without an SDK.",
    version: "0.1.0",
    warnings: provider.cannotHost === undefined ? [] : [provider.cannotHost],
    minProtocolVersion: protocolVersion,
    maxProtocolVersion: protocolVersion,
  }),

  ConfigureProvider: async ({ protocolVersion: version, config }) => {
    if (version !== protocolVersion)
      throw precondition(`protocol_version is ${version}; this provider speaks ${protocolVersion}`);
    await provider.configure(parseConfig(config));
    if (provider.cannotHost !== undefined) complain(provider.cannotHost);
    return { protocolVersion };
  },

  // Trouble is said in the answer, never as an error (LIFE-4).
  HealthCheck: () => {
    if (provider.config === undefined)
      return { ready: false, message: "this provider is not configured yet" };
    return { ready: provider.cannotHost === undefined, message: provider.cannotHost ?? "" };
  },

  // Nothing is left to start: all of it began with the config (LIFE-5).
  StartProvider: () => {
    provider.assertConfigured();
    return { protocolVersion };
  },
});
