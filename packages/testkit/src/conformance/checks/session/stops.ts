import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineCheck } from "../../check/check.js";

export const sessionStops = defineCheck({
  id: "session/stop-session/ends-session",
  title:
    "StopSession is answered within the host's 3 s, and the session is NOT_FOUND or stopped from then on",
  requirements: ["SESS-8"],
  instance: "shared",
  cause: "StopSession waits for more than the host does, or forgets nothing.",
  mend: "Give the plugin a short grace, kill what is left, then forget the session or call it stopped.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    await t.expect.answered("StopSession with the host's deadline of 3000 ms", session.stop());
    try {
      const { state } = await session.get();
      t.expect.equal("the session's state after StopSession", state, "stopped");
    } catch (error) {
      if (!(error instanceof RuntimeProviderError)) throw error;
      t.expect.equal("GetSession's status after StopSession", error.code, "NOT_FOUND");
    }
  },
});
