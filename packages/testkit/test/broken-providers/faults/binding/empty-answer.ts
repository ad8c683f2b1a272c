import { defineFault } from "../../fault.js";

export const emptyBindingAnswer = defineFault({
  name: "empty-binding-answer",
  breaks: ["binding/bind-host-service/answers-binding"],
  apply: (reference) => {
    reference.around("bindHostService", async (request, next) => {
      await next(request);
      return {};
    });
  },
});
