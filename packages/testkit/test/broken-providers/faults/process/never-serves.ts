import { defineFault } from "../../fault.js";

export const neverServes = defineFault({
  name: "never-serves",
  breaks: ["process/start/serves", "process/socket/replaces-stale-file"],
  times: { startMs: 5_000 },
  apply: (reference) => {
    reference.serve = () => new Promise(() => setInterval(() => undefined, 60_000));
  },
});
