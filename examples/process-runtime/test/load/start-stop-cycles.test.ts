import { it } from "vitest";
import { describeIsolated } from "../isolation/support.js";
import { startAndStop } from "./start-stop-cycles.js";

describeIsolated("thirty sessions one after the other, each with a policy", () => {
  it(
    "SESS-8, PROC-8: leave no descriptor, process, file or mount",
    { timeout: 240_000 },
    // So few that garbage collection hides what would grow: the long form looks at that.
    (context) => startAndStop(context, 30, 24),
  );
});
