import { setTimeout as delay } from "node:timers/promises";
import { defineFault } from "../../fault.js";

export const oneLineForAll = defineFault({
  name: "one-line-for-all",
  breaks: ["session/get-session/answers-while-busy"],
  apply: (reference) => {
    const busy = new Map<string, Promise<unknown>>();
    reference.around("startPlugin", (request, next) => {
      const start = next(request);
      busy.set(request.sessionId, start);
      return start;
    });
    reference.around("getSession", async (request, next) => {
      await busy.get(request.sessionId)?.catch(() => undefined);
      return next(request);
    });
  },
});

export const asksBackendEachTime = defineFault({
  name: "asks-backend-each-time",
  breaks: ["session/get-session/answers-quickly"],
  apply: (reference) => {
    reference.around("getSession", async (request, next) => {
      await delay(25);
      return next(request);
    });
  },
});
