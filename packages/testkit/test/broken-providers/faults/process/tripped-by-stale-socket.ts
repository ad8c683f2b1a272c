import { existsSync } from "node:fs";
import { defineFault } from "../../fault.js";

export const trippedByStaleSocket = defineFault({
  name: "tripped-by-stale-socket",
  breaks: ["process/socket/replaces-stale-file"],
  apply: (reference) => {
    const { serve } = reference;
    reference.serve = (path) => {
      if (existsSync(path)) throw new Error(`listen EADDRINUSE: address already in use ${path}`);
      return serve(path);
    };
  },
});
