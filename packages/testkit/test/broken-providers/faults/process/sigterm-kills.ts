import { defineFault } from "../../fault.js";

export const sigtermKills = defineFault({
  name: "sigterm-kills",
  breaks: ["process/sigterm/exits-cleanly", "process/instances/several-at-once"],
  also: ["process/sigterm/any-moment-of-the-start"],
  apply: (reference) => {
    const { run } = reference;
    reference.run = async () => {
      await run();
      process.removeAllListeners("SIGTERM");
    };
  },
});
