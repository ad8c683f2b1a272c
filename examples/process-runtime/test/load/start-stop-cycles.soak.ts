import { it } from "vitest";
import { describeIsolated } from "../isolation/support.js";
import { startAndStop } from "./start-stop-cycles.js";

describeIsolated("a thousand sessions one after the other, each with a policy", () => {
  it("SESS-8, PROC-8: leave no descriptor, process, file or mount, and no memory", (context) =>
    startAndStop(context, 1_000, 6));
});
