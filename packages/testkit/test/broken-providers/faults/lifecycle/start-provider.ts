import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";

export const startProviderVersionLeftOut = defineFault({
  name: "start-provider-version-left-out",
  breaks: ["lifecycle/start-provider/answers-version-3"],
  apply: (reference) => {
    reference.around("startProvider", () => ({}));
  },
});

export const startProviderFails = defineFault({
  name: "start-provider-fails",
  breaks: ["lifecycle/start-provider/answers-version-3"],
  apply: (reference) => {
    reference.around("startProvider", () => {
      throw new RuntimeProviderError("INTERNAL", "nobody calls this");
    });
  },
});

export const waitsForStartProvider = defineFault({
  name: "waits-for-start-provider",
  breaks: ["lifecycle/start-provider/not-waited-for"],
  times: { callMs: 2_000 },
  apply: (reference) => {
    let isStarted = false;
    reference.around("startProvider", (request, next) => {
      isStarted = true;
      return next(request);
    });
    for (const method of ["startSession", "getSession"] as const)
      reference.around(method, async (request, next) => {
        const answer = await next(request);
        return isStarted ? answer : { ...answer, state: "pending" };
      });
  },
});

export const refusesBeforeStartProvider = defineFault({
  name: "refuses-before-start-provider",
  breaks: ["lifecycle/start-provider/not-waited-for"],
  apply: (reference) => {
    let isStarted = false;
    reference.around("startProvider", (request, next) => {
      isStarted = true;
      return next(request);
    });
    reference.around("startSession", (request, next) => {
      if (!isStarted) throw new RuntimeProviderError("FAILED_PRECONDITION", "StartProvider comes first");
      return next(request);
    });
  },
});
