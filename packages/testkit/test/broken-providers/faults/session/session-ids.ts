import { defineFault } from "../../fault.js";

export const emptySessionId = defineFault({
  name: "empty-session-id",
  breaks: ["session/start-session/own-ids", "session/start-session/gets-ready"],
  apply: (reference) => {
    reference.around("startSession", async (request, next) => ({ ...(await next(request)), id: "" }));
  },
});

export const stateOfItsOwn = defineFault({
  name: "state-of-its-own",
  breaks: ["session/start-session/own-ids"],
  apply: (reference) => {
    reference.around("startSession", async (request, next) => ({
      ...(await next(request)),
      state: "Starting",
    }));
  },
});

export const idsUsedAgain = defineFault({
  name: "ids-used-again",
  breaks: ["session/start-session/own-ids"],
  apply: (reference) => {
    reference.newSessionId = () => {
      for (let free = 1; ; free += 1) {
        const id = `ref-${process.pid}-${free}`;
        if (!reference.sessions.has(id)) return id;
      }
    };
  },
});

export const idsCounted = defineFault({
  name: "ids-counted",
  breaks: ["session/start-session/ids-never-come-back"],
  apply: (reference) => {
    let count = 0;
    reference.newSessionId = () => `ref-${(count += 1)}`;
  },
});
