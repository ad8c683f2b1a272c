import { defineFault } from "../../fault.js";

const answers = "binding/bind-host-service/answers-binding";

export const emptyBindingAnswer = defineFault({
  name: "empty-binding-answer",
  breaks: [answers],
  apply: (reference) => {
    reference.around("bindHostService", async (request, next) => {
      await next(request);
      return {};
    });
  },
});

export const oneBindingId = defineFault({
  name: "one-binding-id",
  breaks: [answers],
  apply: (reference) => {
    reference.around("bindHostService", async (request, next) => ({
      ...(await next(request)),
      id: "binding",
    }));
  },
});
