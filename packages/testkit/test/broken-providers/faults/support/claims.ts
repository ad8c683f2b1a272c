import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";

export const tellsWhatIsFree = defineFault({
  name: "tells-what-is-free",
  breaks: ["support/get-support/same-throughout"],
  apply: (reference) => {
    reference.around("getSupport", async (request, next) => ({
      ...(await next(request)),
      canHostPlugins: reference.sessions.size === 0,
    }));
  },
});

export const unknownAccess = defineFault({
  name: "unknown-access",
  breaks: ["support/get-support/known-values"],
  apply: (reference) => {
    reference.around("getSupport", async (request, next) => ({
      ...(await next(request)),
      hostServiceAccess: 7 as never,
    }));
  },
});

export const startPluginMissing = defineFault({
  name: "start-plugin-missing",
  breaks: ["support/can-host-plugins/calls-are-there"],
  apply: (reference) => {
    reference.around("startPlugin", () => {
      throw new RuntimeProviderError("UNIMPLEMENTED", "the method is not implemented");
    });
  },
});

export const supportLeftEmpty = defineFault({
  name: "support-left-empty",
  breaks: ["support/can-host-plugins/false-is-true"],
  apply: (reference) => {
    reference.around("getSupport", async (request, next) => {
      await next(request);
      return {};
    });
  },
});

/** The host's path is looked for below a folder of the guest's, as a mount would put it there. */
export const putsServicesBelowFolder = defineFault({
  name: "puts-services-below-folder",
  breaks: ["support/host-service-access/direct-any-path"],
  apply: (reference) => {
    const { pluginEnvironment } = reference;
    reference.pluginEnvironment = (session, request, socketPath) => {
      const environment = pluginEnvironment(session, request, socketPath);
      for (const name of session.bindings.keys()) {
        const path = environment[name];
        if (path?.startsWith("/") === true) environment[name] = `/proc/self/root${path}`;
      }
      return environment;
    };
  },
});

export const claimsHostname = defineFault({
  name: "claims-hostname",
  breaks: ["support/egress-mode/hostname-denies"],
  apply: (reference) => {
    reference.waysOut.closed = false;
  },
});
