import { it } from "vitest";
import { describeIsolated } from "../isolation/support.js";
import { hostMany } from "./many-sessions.js";

describeIsolated("forty sessions at once, each with a policy", () => {
  it(
    "PLUG-4, SESS-8, PROC-8: all work, no Node.js process and at most 6 MB stand beside each plugin, and nothing is left",
    { timeout: 240_000 },
    (context) => hostMany(context, 40),
  );
});
