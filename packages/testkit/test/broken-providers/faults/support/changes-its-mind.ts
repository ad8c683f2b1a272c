import { defineFault } from "../../fault.js";

export const changesItsMind = defineFault({
  name: "changes-its-mind",
  breaks: ["support/get-support/answers", "support/get-support/same-throughout"],
  apply: (reference) => {
    let asked = 0;
    reference.around("getSupport", async (request, next) => {
      asked += 1;
      return { ...(await next(request)), canHostPlugins: asked % 2 === 1 };
    });
  },
});
