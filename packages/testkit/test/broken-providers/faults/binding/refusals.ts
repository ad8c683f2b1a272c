import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";

export const bindsAnything = defineFault({
  name: "binds-anything",
  breaks: ["binding/bind-host-service/wrong-fields"],
  apply: (reference) => {
    reference.around("bindHostService", async (request, next) => {
      try {
        return await next(request);
      } catch (error) {
        const { code, message } = RuntimeProviderError.from(error, "BindHostService");
        if (code !== "INVALID_ARGUMENT") throw new RuntimeProviderError(code, message);
        return { id: "b", sessionId: request.sessionId, envVar: request.envVar };
      }
    });
  },
});

export const namesNoField = defineFault({
  name: "names-no-field",
  breaks: ["binding/bind-host-service/wrong-fields"],
  apply: (reference) => {
    reference.around("bindHostService", async (request, next) => {
      try {
        return await next(request);
      } catch (error) {
        const { code, message } = RuntimeProviderError.from(error, "BindHostService");
        throw new RuntimeProviderError(code, code === "INVALID_ARGUMENT" ? "invalid request" : message);
      }
    });
  },
});

export const bindsLate = defineFault({
  name: "binds-late",
  breaks: ["binding/bind-host-service/after-start", "binding/bind-host-service/beside-start-plugin"],
  apply: (reference) => {
    reference.around("bindHostService", async (request, next) => {
      const session = reference.sessions.get(request.sessionId);
      if (session?.pluginAsked !== true) return next(request);
      return { id: "late", sessionId: request.sessionId, envVar: request.envVar };
    });
  },
});

export const bindsWhileStarting = defineFault({
  name: "binds-while-starting",
  breaks: ["binding/bind-host-service/beside-start-plugin"],
  apply: (reference) => {
    reference.around("bindHostService", async (request, next) => {
      const session = reference.sessions.get(request.sessionId);
      if (session?.pluginAsked !== true || session.state !== "ready") return next(request);
      return { id: "late", sessionId: request.sessionId, envVar: request.envVar };
    });
  },
});
