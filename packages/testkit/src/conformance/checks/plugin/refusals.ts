import { defineCheck } from "../../check/check.js";

export const emptyCommand = defineCheck({
  id: "plugin/start-plugin/empty-command",
  title: "an empty command is INVALID_ARGUMENT",
  requirements: ["PLUG-6"],
  instance: "shared",
  cause: "The empty command is handed to the backend, which complains in its own words.",
  mend: "Check command first and name the field in the message.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    await t.expect.refused(
      "StartPlugin with an empty command",
      session.startPlugin({ ...t.pluginRequest(), command: "" }),
      "INVALID_ARGUMENT",
      { naming: ["command"] },
    );
  },
});

export const secondStart = defineCheck({
  id: "plugin/start-plugin/second-start",
  title: "a second StartPlugin in a session is FAILED_PRECONDITION, and the first plugin lives on",
  requirements: ["PLUG-6"],
  instance: "shared",
  cause: "The second plugin takes the place of the first, or both run.",
  mend: "Note in the session that its plugin was asked for, before anything is awaited; refuse from then on.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const plugin = await t.plugin(session);
    await t.expect.refused(
      "a second StartPlugin while the first plugin runs",
      session.startPlugin(t.pluginRequest()),
      "FAILED_PRECONDITION",
    );
    t.expect.equal(
      "the session's state after the second StartPlugin",
      (await session.get()).state,
      "running",
    );
    t.expect.equal("the first plugin's answer afterwards", await plugin.execute("echo", { still: "there" }), {
      still: "there",
    });
  },
});

export const startsAtOnce = defineCheck({
  id: "plugin/start-plugin/two-at-once",
  title:
    "of two StartPlugin calls at once in a session exactly one is answered, the other is FAILED_PRECONDITION",
  requirements: ["PLUG-6", "SESS-11"],
  instance: "shared",
  cause: "Whether a plugin was started is noted only once it runs: both calls pass that question.",
  mend: "Note that the plugin was asked for before the first await.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const calls = await Promise.allSettled(
      Array.from({ length: 3 }, () => session.startPlugin(t.pluginRequest())),
    );
    const answered = calls.filter(({ status }) => status === "fulfilled").length;
    t.expect.equal("how many of three StartPlugin calls at once were answered with OK", answered, 1);
    for (const call of calls)
      if (call.status === "rejected")
        await t.expect.refused(
          "a StartPlugin beside another",
          Promise.reject(call.reason as Error),
          "FAILED_PRECONDITION",
        );
  },
});
