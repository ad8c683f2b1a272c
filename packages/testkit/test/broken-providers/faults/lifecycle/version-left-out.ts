import { defineFault } from "../../fault.js";

export const versionLeftOut = defineFault({
  name: "version-left-out",
  breaks: ["lifecycle/configure-provider/answers-version-3"],
  apply: (reference) => {
    reference.around("configureProvider", async (request, next) => {
      await next(request);
      return {};
    });
  },
});
