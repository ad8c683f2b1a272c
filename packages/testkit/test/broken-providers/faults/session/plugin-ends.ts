import { defineFault } from "../../fault.js";

const shows = "session/get-session/shows-plugins-end";

export const endUnnoticed = defineFault({
  name: "end-unnoticed",
  breaks: [shows, "session/plugin-exit/cleans-up-unasked"],
  apply: (reference) => {
    reference.onPluginEnd = () => undefined;
  },
});

export const everyEndIsStopped = defineFault({
  name: "every-end-is-stopped",
  breaks: [shows],
  apply: (reference) => {
    const { onPluginEnd } = reference;
    reference.onPluginEnd = (session, end) => {
      onPluginEnd(session, end);
      session.state = "stopped";
    };
  },
});

export const everyEndIsFailed = defineFault({
  name: "every-end-is-failed",
  breaks: [shows],
  apply: (reference) => {
    const { onPluginEnd } = reference;
    reference.onPluginEnd = (session, end) => {
      onPluginEnd(session, end);
      session.state = "failed";
    };
  },
});

export const endWithoutCode = defineFault({
  name: "end-without-code",
  breaks: [shows],
  apply: (reference) => {
    const { onPluginEnd } = reference;
    reference.onPluginEnd = (session, end) => {
      onPluginEnd(session, end);
      session.message = "the plugin ended";
    };
  },
});

export const endForgetsSession = defineFault({
  name: "end-forgets-session",
  breaks: [shows, "session/get-session/keeps-metadata-once-running"],
  apply: (reference) => {
    const { onPluginEnd } = reference;
    reference.onPluginEnd = (session, end) => {
      const served = session.state === "running";
      onPluginEnd(session, end);
      if (served) reference.sessions.delete(session.id);
    };
  },
});

export const leftoversUntilStop = defineFault({
  name: "leftovers-until-stop",
  breaks: ["session/plugin-exit/cleans-up-unasked"],
  apply: (reference) => {
    reference.endLeftovers = () => undefined;
  },
});

export const leftoversOfCrash = defineFault({
  name: "leftovers-of-crash",
  breaks: ["session/plugin-exit/cleans-up-unasked"],
  apply: (reference) => {
    const { onPluginEnd, endLeftovers } = reference;
    reference.onPluginEnd = (session, end) => {
      reference.endLeftovers = end.how === "exit" && end.code === 0 ? endLeftovers : () => undefined;
      onPluginEnd(session, end);
    };
  },
});

export const leftoversUntilAsked = defineFault({
  name: "leftovers-until-asked",
  breaks: ["session/plugin-exit/cleans-up-unasked"],
  apply: (reference) => {
    const { endLeftovers } = reference;
    reference.endLeftovers = () => undefined;
    reference.around("getSession", async (request, next) => {
      const session = reference.sessions.get(request.sessionId);
      if (session !== undefined && ["stopped", "failed"].includes(session.state)) endLeftovers(session);
      return next(request);
    });
  },
});

export const failureNotLogged = defineFault({
  name: "failure-not-logged",
  breaks: ["session/failed/why-in-log"],
  apply: (reference) => {
    const { push } = reference.logs;
    reference.logs.push = (sessionId, line) => {
      if (!line.message.startsWith("the plugin")) push(sessionId, line);
    };
  },
});
