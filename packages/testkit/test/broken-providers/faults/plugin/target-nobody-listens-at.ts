import { defineFault } from "../../fault.js";

export const targetNobodyListensAt = defineFault({
  name: "target-nobody-listens-at",
  breaks: ["plugin/start-plugin/serves"],
  times: { callMs: 3_000 },
  apply: (reference) => {
    reference.around("startPlugin", async (request, next) => ({
      ...(await next(request)),
      dialTarget: "unix:///nonexistent/p.sock",
    }));
  },
});
