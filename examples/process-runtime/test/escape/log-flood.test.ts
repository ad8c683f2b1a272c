import { it } from "vitest";
import { describeIsolated } from "../isolation/support.js";
import { floodLog } from "./log-flood.js";

describeIsolated("a plugin that floods its log", () => {
  it(
    "LOGS-4, PLUG-6: is held back, the session beside it is answered, and its last words are in the error",
    { timeout: 120_000 },
    async () => {
      await floodLog(4);
    },
  );
});
