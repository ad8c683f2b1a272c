import { defineCheck } from "../../check/check.js";

export const supportAnswers = defineCheck({
  id: "support/get-support/answers",
  title: "GetSupport is answered, and the same each time",
  requirements: ["SUP-1"],
  instance: "shared",
  cause:
    "GetSupport asks a backend that may fail, or tells what is free at the moment in place of what is possible.",
  mend: "Find out at configuration what the backend can do, keep it, and answer that.",
  run: async (t) => {
    const { runtime } = await t.provider();
    const first = await t.expect.answered("GetSupport", runtime.getSupport());
    for (let time = 2; time <= 5; time += 1)
      t.expect.equal(
        `the answer number ${time} of GetSupport`,
        await t.expect.answered("GetSupport", runtime.getSupport()),
        first,
      );
  },
});
