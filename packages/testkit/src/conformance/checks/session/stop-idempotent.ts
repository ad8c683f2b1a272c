import { defineCheck } from "../../check/check.js";

export const repeatedStop = defineCheck({
  id: "session/stop-session/repeated",
  title:
    "StopSession of a session that is stopped already is OK, in turn and at once, with a plugin or without",
  requirements: ["SESS-8"],
  instance: "shared",
  cause: "The session is looked up first and NOT_FOUND is answered, or two stops trip over each other.",
  mend: "Answer OK for a session that is stopped already; let a second stop wait for the first one's end.",
  run: async (t) => {
    const provider = await t.provider();
    const [idle, busy, failed] = [
      await t.session(provider),
      await t.session(provider),
      await t.session(provider),
    ];
    await t.plugin(busy);
    await failed.startPlugin(t.pluginRequest({ atStart: ["exit:1"] })).catch(() => undefined);
    await t.expect.answered("StopSession of a session without a plugin", idle.stop());
    await t.expect.answered("the second StopSession of a session", idle.stop());
    await Promise.all(
      ["first", "second", "third"].map((nth) =>
        t.expect.answered(
          `the ${nth} of three StopSession calls at once, with a plugin running`,
          busy.stop(),
        ),
      ),
    );
    await t.expect.answered("StopSession of a session whose plugin failed to start", failed.stop());
    await t.expect.answered("the second StopSession of that session", failed.stop());
  },
});

export const unknownStop = defineCheck({
  id: "session/stop-session/unknown",
  title: "StopSession of a session that never was is OK",
  requirements: ["SESS-8"],
  instance: "shared",
  cause: "The session is looked up first and NOT_FOUND is answered.",
  mend: "Answer OK: what is not there is stopped. The host stops sessions that it remembers from before a restart.",
  run: async (t) => {
    const { runtime } = await t.provider();
    await t.expect.answered(
      "StopSession of a session that never was",
      runtime.stopSession({ sessionId: "no-such-session" }, { timeoutMs: 3_000 }),
    );
  },
});
