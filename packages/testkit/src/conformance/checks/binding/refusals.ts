import { defineCheck } from "../../check/check.js";

const target = "tls://relay.example.com:443";

export const refusesWrongBinding = defineCheck({
  id: "binding/bind-host-service/wrong-fields",
  title: "an empty variable, a missing relay and an unknown scheme are INVALID_ARGUMENT, naming the field",
  requirements: ["BIND-5"],
  instance: "shared",
  cause: "The fields are kept as they come and fail later, in the plugin.",
  mend: "Check env_var and relay.dial_target when they come, and name the one that is wrong.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const { runtime } = session.provider;
    const sessionId = session.id;
    const invalid = "INVALID_ARGUMENT";
    await t.expect.refused("BindHostService with an empty env_var", session.bind("", target), invalid, {
      naming: ["env_var"],
    });
    await t.expect.refused(
      "BindHostService without a relay",
      runtime.bindHostService({ sessionId, envVar: "ANY" }),
      invalid,
      { naming: ["relay"] },
    );
    for (const [what, dialTarget] of [
      ["an empty dial_target", ""],
      ["the scheme http", "http://relay.example.com:443"],
      ["the scheme vsock", "vsock://2:1000"],
    ] as const)
      await t.expect.refused(`BindHostService with ${what}`, session.bind("ANY", dialTarget), invalid, {
        naming: ["dial_target"],
      });
    await t.expect.answered("BindHostService as it should be, after those", session.bind("ANY", target));
  },
});

export const refusesLateBinding = defineCheck({
  id: "binding/bind-host-service/after-start",
  title: "binding once the plugin runs is FAILED_PRECONDITION",
  requirements: ["BIND-5"],
  instance: "shared",
  cause: "The binding is kept, and nobody ever sees it.",
  mend: "Refuse when StartPlugin was called before: the plugin's environment is made by then.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    await t.plugin(session);
    await t.expect.refused(
      "BindHostService after StartPlugin",
      session.bind("LATE", target),
      "FAILED_PRECONDITION",
    );
  },
});
