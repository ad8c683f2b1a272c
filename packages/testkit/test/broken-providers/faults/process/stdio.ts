import { writeSync } from "node:fs";
import { defineFault } from "../../fault.js";

export const endsWithStdin = defineFault({
  name: "ends-with-stdin",
  breaks: ["process/stdin/end-says-nothing"],
  also: ["process/start/serves", "process/socket/replaces-stale-file"],
  apply: () => {
    process.stdin.on("end", () => process.exit(0)).resume();
  },
});

export const waitsForReaders = defineFault({
  name: "waits-for-readers",
  breaks: ["process/output/nobody-reads"],
  times: { callMs: 3_000 },
  apply: (reference) => {
    reference.around("getSupport", (request, next) => {
      writeSync(1, "GetSupport was called\n");
      return next(request);
    });
  },
});
