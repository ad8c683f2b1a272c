import { defineFault } from "../../fault.js";

export const losesMetadata = defineFault({
  name: "loses-metadata",
  breaks: ["session/start-session/keeps-metadata", "session/get-session/keeps-metadata-once-running"],
  apply: (reference) => {
    reference.around("getSession", async (request, next) => ({ ...(await next(request)), metadata: {} }));
  },
});

export const losesMetadataOnceRunning = defineFault({
  name: "loses-metadata-once-running",
  breaks: ["session/get-session/keeps-metadata-once-running"],
  apply: (reference) => {
    const { answerOf } = reference;
    reference.answerOf = (session) => ({
      ...answerOf(session),
      ...(session.plugin === undefined ? {} : { metadata: {} }),
    });
  },
});

export const losesMetadataInList = defineFault({
  name: "loses-metadata-in-list",
  breaks: ["session/start-session/keeps-metadata"],
  apply: (reference) => {
    reference.around("listSessions", async (request, next) => {
      const { sessions = [] } = await next(request);
      return { sessions: sessions.map((session) => ({ ...session, metadata: {} })) };
    });
  },
});

export const trimsMetadata = defineFault({
  name: "trims-metadata",
  breaks: ["session/start-session/keeps-metadata", "session/get-session/keeps-metadata-once-running"],
  apply: (reference) => {
    reference.around("startSession", (request, next) => {
      const trimmed = Object.entries(request.metadata).map(([name, value]) => [name, value.trim()]);
      return next({ ...request, metadata: Object.fromEntries(trimmed) as Record<string, string> });
    });
  },
});

export const metadataAsLabels = defineFault({
  name: "metadata-as-labels",
  breaks: ["session/start-session/keeps-metadata", "session/get-session/keeps-metadata-once-running"],
  apply: (reference) => {
    reference.around("startSession", (request, next) => {
      const labels = Object.entries(request.metadata).map(([name, value]) => [name.toLowerCase(), value]);
      return next({ ...request, metadata: Object.fromEntries(labels) as Record<string, string> });
    });
  },
});

export const addsMetadata = defineFault({
  name: "adds-metadata",
  breaks: ["session/start-session/keeps-metadata", "session/get-session/keeps-metadata-once-running"],
  apply: (reference) => {
    const { answerOf } = reference;
    reference.answerOf = (session) => ({
      ...answerOf(session),
      metadata: { ...session.metadata, "runtime.node": "a" },
    });
  },
});
