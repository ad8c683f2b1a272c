import { defineFault } from "../../fault.js";

export const neverReady = defineFault({
  name: "never-ready",
  breaks: ["session/start-session/gets-ready"],
  apply: (reference) => {
    const { answerOf } = reference;
    reference.answerOf = (session) => ({
      ...answerOf(session),
      state: "failed",
      stateReason: "no-room",
      stateMessage: "no machine has room for it",
    });
  },
});
