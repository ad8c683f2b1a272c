import { randomUUID } from "node:crypto";
import { servePluginRuntimeProvider, type Session } from "@gestalt-runtime/sdk";

/** The least that level 1 allows: sessions in a map, and no plugins. */
const sessions = new Map<string, Session>();

await servePluginRuntimeProvider({
  getSupport: () => ({ canHostPlugins: true }),
  startSession: ({ metadata }) => {
    const id = `s-${randomUUID()}`;
    const session: Session = { id, state: "ready", metadata, lifecycle: { startedAt: new Date() } };
    sessions.set(session.id, session);
    return session;
  },
  getSession: (id) => sessions.get(id),
  stopSession: (id) => {
    sessions.delete(id);
  },
  startPlugin: () => {
    throw new Error("no plugins here");
  },
});
