import { servePluginRuntimeProvider, type Session } from "@gestalt-runtime/sdk";

/** The least that level 1 allows: sessions in a map, and no plugins. */
const sessions = new Map<string, Session>();

await servePluginRuntimeProvider({
  getSupport: () => ({ canHostPlugins: true }),
  startSession: ({ metadata }) => {
    const session: Session = { id: "s-1", state: "ready", metadata, lifecycle: { startedAt: new Date() } };
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
