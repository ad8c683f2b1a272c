import { setTimeout as delay } from "node:timers/promises";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";

export const cancelledSessionStays = defineFault({
  name: "cancelled-session-stays",
  breaks: ["session/start-session/cancelled"],
  apply: (reference) => {
    reference.startWasCancelled = () => false;
    reference.around("startSession", async (request, next) => {
      await delay(150);
      return next(request);
    });
  },
});

export const cancelledSessionStaysUnlisted = defineFault({
  name: "cancelled-session-stays-unlisted",
  breaks: ["session/start-session/cancelled"],
  apply: (reference) => {
    cancelledSessionStays.apply(reference);
    reference.around("listSessions", () => {
      throw new RuntimeProviderError("UNIMPLEMENTED", "there is no list");
    });
  },
});

export const needsImageSaysNothing = defineFault({
  name: "needs-image-says-nothing",
  breaks: ["session/start-session/names-missing-hint"],
  subject: { session: { image: "example.com/fixture:1" } },
  apply: (reference) => {
    reference.around("startSession", (request, next) => {
      if (request.image === "")
        throw new RuntimeProviderError("INVALID_ARGUMENT", "invalid reference format");
      return next(request);
    });
  },
});

export const needsImageFailsLater = defineFault({
  name: "needs-image-fails-later",
  breaks: ["session/start-session/names-missing-hint"],
  subject: { session: { image: "example.com/fixture:1" } },
  apply: (reference) => {
    reference.around("startSession", async (request, next) => {
      const answer = await next(request);
      const session = reference.sessions.get(answer.id ?? "");
      if (request.image === "" && session !== undefined)
        Object.assign(session, { state: "failed", reason: "no-image", message: "there is no image" });
      return answer;
    });
  },
});

export const pullsForEver = defineFault({
  name: "pulls-for-ever",
  breaks: ["session/start-session/impossible-image"],
  times: { callMs: 2_000 },
  apply: (reference) => {
    reference.around("startSession", async (request, next) => {
      const answer = await next(request);
      const session = reference.sessions.get(answer.id ?? "");
      if (request.image.startsWith("registry.invalid") && session !== undefined) session.state = "pending";
      return answer;
    });
  },
});

export const pullFailsUnsaid = defineFault({
  name: "pull-fails-unsaid",
  breaks: ["session/start-session/impossible-image"],
  apply: (reference) => {
    reference.around("startSession", async (request, next) => {
      const answer = await next(request);
      const session = reference.sessions.get(answer.id ?? "");
      if (request.image.startsWith("registry.invalid") && session !== undefined) session.state = "failed";
      return answer;
    });
  },
});
