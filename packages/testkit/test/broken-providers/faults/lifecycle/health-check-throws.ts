import { defineFault } from "../../fault.js";

export const healthCheckThrows = defineFault({
  name: "health-check-throws",
  breaks: ["lifecycle/health-check/never-an-rpc-error"],
  apply: (reference) => {
    reference.around("healthCheck", async (request, next) => {
      if (!reference.configured) throw new Error("the backend does not answer");
      return next(request);
    });
  },
});
