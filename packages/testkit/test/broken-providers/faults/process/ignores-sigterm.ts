import { defineFault } from "../../fault.js";

export const ignoresSigterm = defineFault({
  name: "ignores-sigterm",
  breaks: ["process/sigterm/exits-cleanly"],
  also: [
    "process/sigterm/any-moment-of-the-start",
    "process/instances/several-at-once",
    "process/parent/ends-with-it",
    "process/parent/leaves-no-plugin",
  ],
  apply: (reference) => {
    reference.end = () => Promise.resolve();
  },
});
