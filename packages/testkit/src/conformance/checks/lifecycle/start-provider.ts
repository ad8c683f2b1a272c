import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { CheckBlocked } from "../../check/outcome.js";
import type { SubjectProvider } from "../../subject/provider.js";

export const startProviderAnswersVersion3 = defineCheck({
  id: "lifecycle/start-provider/answers-version-3",
  title: "StartProvider's answer carries protocol version 3, where a provider answers it at all",
  requirements: ["LIFE-5"],
  needs: ["spawned"],
  cause: "The answer is an empty message, whose protocol_version is 0.",
  mend: "Set protocol_version = 3 in StartProvider's answer, as in ConfigureProvider's.",
  run: async (t) => {
    const { lifecycle } = await t.provider();
    try {
      const { protocolVersion } = await lifecycle.startProvider();
      t.expect.equal("the protocol version in StartProvider's answer", protocolVersion, 3);
    } catch (error) {
      if (!(error instanceof RuntimeProviderError)) throw error;
      // No host calls it on a runtime: not to have it is no fault.
      t.expect(
        error.code === "UNIMPLEMENTED",
        `StartProvider failed with ${error.code}; expected an answer, or UNIMPLEMENTED`,
      );
    }
  },
});

export const worksWithoutStartProvider = defineCheck({
  id: "lifecycle/start-provider/not-waited-for",
  title: "a configured provider works without StartProvider, which the host never calls on a runtime",
  requirements: ["LIFE-5"],
  needs: ["spawned", "hosts-plugins"],
  cause: "Workers, listings or warm guests begin in StartProvider, as they do in plugins.",
  mend: "Begin work in the background at the end of ConfigureProvider, without waiting for it.",
  run: async (t) => {
    const without = await workingFault(t, await t.provider());
    if (without === undefined) return;
    const provider = await t.provider();
    await provider.lifecycle.startProvider().catch(() => undefined);
    const withIt = await workingFault(t, provider);
    if (withIt !== undefined) throw withIt;
    t.expect.fail(`without StartProvider, after which it works: ${without.message}`);
  },
});

async function workingFault(t: CheckContext, provider: SubjectProvider): Promise<CheckBlocked | undefined> {
  try {
    const asked = t.sessionRequest();
    const { id } = await t.relies("session", "StartSession", () => provider.runtime.startSession(asked));
    // Not for ever: what waits for StartProvider stays pending.
    const deadline = performance.now() + t.subject.times.callMs;
    let state = "";
    while (performance.now() < deadline && state !== "ready" && state !== "running") {
      ({ state } = await t.relies("session", "GetSession", () =>
        provider.runtime.getSession({ sessionId: id }),
      ));
      await t.pause(25);
    }
    if (state === "ready" || state === "running") return undefined;
    return new CheckBlocked(
      "session/start-session/gets-ready",
      `the session is ${JSON.stringify(state)} after ${t.subject.times.callMs} ms; expected ready`,
    );
  } catch (error) {
    if (error instanceof CheckBlocked) return error;
    throw error;
  }
}
