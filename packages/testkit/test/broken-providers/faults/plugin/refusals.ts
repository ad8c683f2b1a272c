import type { HostedPluginSchema } from "@gestalt-runtime/sdk/protocol";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineFault } from "../../fault.js";

export const emptyCommandIsTried = defineFault({
  name: "empty-command-is-tried",
  breaks: ["plugin/start-plugin/empty-command"],
  apply: (reference) => {
    reference.around("startPlugin", (request, next) => {
      if (request.command === "") throw new RuntimeProviderError("INTERNAL", "spawn ENOENT");
      return next(request);
    });
  },
});

export const startsAgain = defineFault({
  name: "starts-again",
  breaks: [
    "plugin/start-plugin/second-start",
    "plugin/start-plugin/two-at-once",
    "plugin/start-plugin/no-second-try",
  ],
  apply: (reference) => {
    const answers = new Map<string, MessageInitShape<typeof HostedPluginSchema>>();
    reference.around("startPlugin", async (request, next) => {
      const session = reference.sessions.get(request.sessionId);
      if (session?.pluginAsked === true)
        return answers.get(request.sessionId) ?? { sessionId: request.sessionId };
      const answer = await next(request);
      answers.set(request.sessionId, answer);
      return answer;
    });
  },
});

export const secondStartEndsFirst = defineFault({
  name: "second-start-ends-first",
  breaks: ["plugin/start-plugin/second-start"],
  apply: (reference) => {
    reference.around("startPlugin", async (request, next) => {
      const session = reference.sessions.get(request.sessionId);
      if (session?.state === "running") await session.plugin?.stop();
      return next(request);
    });
  },
});

export const joinsStartsAtOnce = defineFault({
  name: "joins-starts-at-once",
  breaks: ["plugin/start-plugin/two-at-once"],
  apply: (reference) => {
    const starting = new Map<string, Promise<MessageInitShape<typeof HostedPluginSchema>>>();
    reference.around("startPlugin", async (request, next) => {
      const { sessionId } = request;
      const first = starting.get(sessionId);
      if (first !== undefined) return first;
      const own = next(request);
      starting.set(sessionId, own);
      try {
        return await own;
      } finally {
        starting.delete(sessionId);
      }
    });
  },
});

export const triesAgainAfterFailure = defineFault({
  name: "tries-again-after-failure",
  breaks: ["plugin/start-plugin/no-second-try"],
  apply: (reference) => {
    reference.around("startPlugin", async (request, next) => {
      const session = reference.sessions.get(request.sessionId);
      if (session?.state === "failed") session.pluginAsked = false;
      return next(request);
    });
  },
});
