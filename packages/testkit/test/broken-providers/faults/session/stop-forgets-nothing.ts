import { defineFault } from "../../fault.js";

/** What stopped ends as it has to, but a session that had no plugin is told of as if it were still there. */
export const stopForgetsNothing = defineFault({
  name: "stop-forgets-nothing",
  breaks: ["session/stop-session/ends-session"],
  apply: (reference) => {
    const stopped = new Set<string>();
    const { stopSession } = reference;
    reference.stopSession = async (session) => {
      if (!session.pluginAsked) stopped.add(session.id);
      await stopSession(session);
    };
    reference.around("getSession", ({ sessionId: id }, next) =>
      stopped.has(id) ? { id, state: "ready" } : next({ sessionId: id } as never),
    );
  },
});
