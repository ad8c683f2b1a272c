import { defineFault } from "../../fault.js";

export const stopForgetsNothing = defineFault({
  name: "stop-forgets-nothing",
  breaks: ["session/stop-session/ends-session"],
  apply: (reference) => {
    reference.around("stopSession", () => ({}));
  },
});
