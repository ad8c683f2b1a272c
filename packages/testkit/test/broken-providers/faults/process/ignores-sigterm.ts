import { defineFault } from "../../fault.js";

export const ignoresSigterm = defineFault({
  name: "ignores-sigterm",
  breaks: ["process/sigterm/exits-cleanly"],
  apply: (reference) => {
    reference.end = () => Promise.resolve();
  },
});
