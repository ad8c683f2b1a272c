import { defineCheck } from "../../check/check.js";
import { CheckFailed } from "../../check/outcome.js";
import { SubjectSession } from "../../subject/session.js";

export const sessionGetsReady = defineCheck({
  id: "session/start-session/gets-ready",
  title: "StartSession is answered, and GetSession says ready or running in the end",
  requirements: ["SESS-4"],
  instance: "shared",
  cause:
    "The state is a word that the host does not know (it waits on it for ever), or the guest is never made.",
  mend: 'Say "pending" until the guest is there, then "ready"; where it can\'t be made, "failed" with reason and message.',
  run: async (t) => {
    const provider = await t.provider();
    const request = t.sessionRequest();
    const started = await t.expect.answered("StartSession", provider.runtime.startSession(request));
    try {
      await t.untilReady(new SubjectSession(provider, started, request.metadata));
    } catch (error) {
      if (error instanceof CheckFailed) t.expect.fail(error.message);
      throw error;
    }
  },
});
