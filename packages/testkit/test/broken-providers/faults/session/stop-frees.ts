import { openSync } from "node:fs";
import { defineFault } from "../../fault.js";

export const leavesFiles = defineFault({
  name: "leaves-files",
  breaks: ["session/stop-session/frees-files"],
  apply: (reference) => {
    reference.removeDirectory = () => Promise.resolve();
  },
});

export const leaksDescriptors = defineFault({
  name: "leaks-descriptors",
  breaks: ["session/stop-session/frees-descriptors"],
  apply: (reference) => {
    const { startPlugin } = reference;
    reference.startPlugin = (start) => {
      openSync("/dev/null", "r");
      return startPlugin(start);
    };
  },
});
