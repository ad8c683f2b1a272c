import { defineFault } from "../../fault.js";

const wins = "session/stop-session/wins-over-start-plugin";
const anywhere = "session/stop-session/beside-start-plugin";

export const stopWaitsForStart = defineFault({
  name: "stop-waits-for-start",
  breaks: [wins],
  apply: (reference) => {
    const starting = new Map<string, Promise<unknown>>();
    reference.around("startPlugin", (request, next) => {
      const start = next(request);
      starting.set(request.sessionId, start);
      return start;
    });
    reference.around("stopSession", async (request, next) => {
      await starting.get(request.sessionId)?.catch(() => undefined);
      return next(request);
    });
  },
});

/** The stop sees a plugin only once it serves, and the start never looks whether there was one. */
export const startForgetsStop = defineFault({
  name: "start-forgets-stop",
  breaks: [wins, anywhere],
  apply: (reference) => {
    const { startPlugin } = reference;
    reference.startPlugin = (start) => startPlugin({ ...start, onStarted: () => undefined });
    reference.stoppedMeanwhile = () => false;
    // What comes up later needs it.
    const { removeDirectory } = reference;
    reference.removeDirectory = (session) =>
      session.pluginAsked && session.plugin === undefined ? Promise.resolve() : removeDirectory(session);
  },
});
