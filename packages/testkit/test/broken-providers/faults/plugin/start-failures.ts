import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";
import type { Reference, Session } from "../../reference/reference.js";

const early = "plugin/start-plugin/exits-early";
const cannotRun = "plugin/start-plugin/cannot-run";

function onFailure(
  reference: Reference,
  react: (error: RuntimeProviderError, session: Session | undefined) => RuntimeProviderError,
): void {
  reference.around("startPlugin", async (request, next) => {
    try {
      return await next(request);
    } catch (error) {
      throw react(RuntimeProviderError.from(error, "StartPlugin"), reference.sessions.get(request.sessionId));
    }
  });
}

export const noLastWords = defineFault({
  name: "no-last-words",
  breaks: [early],
  apply: (reference) => {
    onFailure(reference, ({ code, message }) =>
      message.startsWith("the plugin ended")
        ? new RuntimeProviderError(code, message.slice(0, message.indexOf(":")))
        : new RuntimeProviderError(code, message),
    );
  },
});

export const noExitCode = defineFault({
  name: "no-exit-code",
  breaks: [early],
  apply: (reference) => {
    onFailure(reference, ({ code, message }) =>
      message.startsWith("the plugin ended")
        ? new RuntimeProviderError(code, `the plugin ended: ${message.slice(message.indexOf(":"))}`)
        : new RuntimeProviderError(code, message),
    );
  },
});

export const spawnErrorUnsaid = defineFault({
  name: "spawn-error-unsaid",
  breaks: [cannotRun],
  apply: (reference) => {
    onFailure(reference, ({ code, message }) =>
      message.startsWith("the plugin can't be started")
        ? new RuntimeProviderError("INTERNAL", "StartPlugin failed")
        : new RuntimeProviderError(code, message),
    );
  },
});

export const failedStartStaysReady = defineFault({
  name: "failed-start-stays-ready",
  breaks: [early, cannotRun, "plugin/start-plugin/cancelled"],
  apply: (reference) => {
    onFailure(reference, (error, session) => {
      if (session?.state === "failed") session.state = "ready";
      return error;
    });
  },
});

export const failsWithoutReason = defineFault({
  name: "fails-without-reason",
  breaks: [early, cannotRun],
  apply: (reference) => {
    onFailure(reference, (error, session) => {
      if (session !== undefined) Object.assign(session, { reason: "", message: "" });
      return error;
    });
  },
});

export const reasonOfManyWords = defineFault({
  name: "reason-of-many-words",
  breaks: [early, cannotRun],
  apply: (reference) => {
    onFailure(reference, (error, session) => {
      if (session !== undefined) session.reason = "it could not be started";
      return error;
    });
  },
});
