import { defineFault } from "../../fault.js";

export const leavesSocketFile = defineFault({
  name: "leaves-socket-file",
  breaks: ["process/sigterm/exits-cleanly"],
  also: [
    "process/sigterm/any-moment-of-the-start",
    "process/instances/several-at-once",
    "process/parent/ends-with-it",
  ],
  apply: (reference) => {
    const { end } = reference;
    reference.end = () => {
      // Nobody unlinks what nobody knows of.
      if (reference.served !== undefined) reference.served = { ...reference.served, path: "/nonexistent" };
      return end();
    };
  },
});
