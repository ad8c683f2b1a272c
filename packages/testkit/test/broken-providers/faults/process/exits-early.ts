import { defineFault } from "../../fault.js";

export const exitsEarly = defineFault({
  name: "exits-early",
  breaks: ["process/start/serves", "process/socket/replaces-stale-file"],
  apply: (reference) => {
    reference.serve = () => {
      process.stderr.write("out of luck\n");
      process.exit(7);
    };
  },
});
