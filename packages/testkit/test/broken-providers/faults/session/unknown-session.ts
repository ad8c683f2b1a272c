import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";

export const unknownIsInternal = defineFault({
  name: "unknown-session-is-internal",
  breaks: ["session/unknown-session/refused", "session/stop-session/ends-session"],
  also: ["session/stop-session/wins-over-start-plugin", "session/stop-session/beside-start-plugin"],
  apply: (reference) => {
    reference.around("getSession", ({ sessionId }, next) => {
      if (sessionId !== "" && !reference.sessions.has(sessionId))
        throw new RuntimeProviderError("INTERNAL", "the backend answered 404");
      return next({ sessionId } as never);
    });
  },
});

export const bindsAnywhere = defineFault({
  name: "binds-anywhere",
  breaks: ["session/unknown-session/refused"],
  apply: (reference) => {
    reference.around("bindHostService", (request, next) =>
      request.sessionId === "" || reference.sessions.has(request.sessionId)
        ? next(request)
        : { id: "b", sessionId: request.sessionId },
    );
  },
});

export const emptyIdIsNotFound = defineFault({
  name: "empty-id-is-not-found",
  breaks: ["session/empty-id/refused"],
  apply: (reference) => {
    reference.around("startPlugin", (request, next) => {
      if (request.sessionId === "")
        throw new RuntimeProviderError("NOT_FOUND", "there is no such session_id");
      return next(request);
    });
  },
});
