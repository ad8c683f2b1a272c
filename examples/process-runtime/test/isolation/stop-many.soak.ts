import { it } from "vitest";
import { stopMany } from "./stop-many.js";
import { describeIsolated } from "./support.js";

describeIsolated("a hundred sessions at once, each with a policy", () => {
  it("SESS-8, PROC-6, PROC-8: stubborn plugins are stopped within the host's 3 s each, and with the provider within its 2 s; nothing is left", (context) =>
    stopMany(context, 100, { stopWithinMs: 3_000 }));
});
