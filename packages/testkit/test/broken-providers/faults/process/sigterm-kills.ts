import { defineFault } from "../../fault.js";

export const sigtermKills = defineFault({
  name: "sigterm-kills",
  breaks: ["process/sigterm/exits-cleanly"],
  apply: (reference) => {
    const { run } = reference;
    reference.run = async () => {
      await run();
      process.removeAllListeners("SIGTERM");
    };
  },
});
