import { defineCheck } from "../../check/check.js";
import { listed } from "./listed.js";

export const refusesUnknown = defineCheck({
  id: "session/unknown-session/refused",
  title: "GetSession, BindHostService and StartPlugin answer NOT_FOUND for a session that is not there",
  requirements: ["SESS-6"],
  instance: "shared",
  cause: "The session is made when it is first named, or the backend's own error is passed on.",
  mend: "Look the id up in what the provider knows before anything else, and answer NOT_FOUND.",
  run: async (t) => {
    const provider = await t.provider();
    const { runtime } = provider;
    const ended = await t.session(provider);
    await t.relies("stop", "StopSession", () => ended.stop());
    const before = (await listed(provider))?.length;
    const unknown = [
      ["an id that was never given out", "no-such-session"],
      ["an id of a path", "../../../../etc"],
      ["an id with odd characters", "a b\n\t'\"\\$(x)ü"],
      ["an id of 1,000 characters", "x".repeat(1_000)],
    ] as const;
    for (const [what, sessionId] of unknown) {
      await t.expect.refused(`GetSession with ${what}`, runtime.getSession({ sessionId }), "NOT_FOUND");
      await t.expect.refused(
        `BindHostService with ${what}`,
        runtime.bindHostService({
          sessionId,
          envVar: "ANY",
          relay: { dialTarget: "tls://relay.example.com:1" },
        }),
        "NOT_FOUND",
      );
      await t.expect.refused(
        `StartPlugin with ${what}`,
        runtime.startPlugin({ ...t.pluginRequest(), pluginName: "fixture", sessionId }),
        "NOT_FOUND",
      );
    }
    // A session that was stopped may be remembered, but nothing can be done in it.
    await t.expect.refused("StartPlugin in a stopped session", ended.startPlugin(t.pluginRequest()), [
      "NOT_FOUND",
      "FAILED_PRECONDITION",
    ]);
    const after = (await listed(provider))?.length;
    t.expect.equal("the number of sessions in ListSessions after those calls", after, before);
  },
});

export const refusesEmptyId = defineCheck({
  id: "session/empty-id/refused",
  title: "GetSession, BindHostService and StartPlugin answer INVALID_ARGUMENT for an empty session id",
  requirements: ["SESS-6"],
  instance: "shared",
  cause: "The empty id is looked up like any other: NOT_FOUND, or the backend's error.",
  mend: "Check session_id before looking it up, and name the field in the message.",
  run: async (t) => {
    const { runtime } = await t.provider();
    const sessionId = "";
    const naming = ["session_id"];
    await t.expect.refused(
      "GetSession with an empty id",
      runtime.getSession({ sessionId }),
      "INVALID_ARGUMENT",
      {
        naming,
      },
    );
    await t.expect.refused(
      "BindHostService with an empty id",
      runtime.bindHostService({
        sessionId,
        envVar: "ANY",
        relay: { dialTarget: "tls://relay.example.com:1" },
      }),
      "INVALID_ARGUMENT",
      { naming },
    );
    await t.expect.refused(
      "StartPlugin with an empty id",
      runtime.startPlugin({ ...t.pluginRequest(), pluginName: "fixture", sessionId }),
      "INVALID_ARGUMENT",
      { naming },
    );
  },
});
