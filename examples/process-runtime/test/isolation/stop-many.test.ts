import { it } from "vitest";
import { stopMany } from "./stop-many.js";
import { describeIsolated } from "./support.js";

describeIsolated("twenty sessions at once, each with a policy", () => {
  it(
    "SESS-8, PROC-6, PROC-8: stubborn plugins are all stopped, one by one and with the provider, and nothing is left",
    { timeout: 180_000 },
    (context) => stopMany(context, 20),
  );
});
