import { defineCheck } from "../../check/check.js";

export const runtimeCallsRefusedBeforeConfiguration = defineCheck({
  id: "lifecycle/runtime-calls/refused-before-configuration",
  title: "every runtime call before configuration fails with FAILED_PRECONDITION",
  requirements: ["LIFE-6"],
  needs: ["spawned"],
  cause: "The service answers as soon as it listens, with defaults in place of the config that it never got.",
  mend: "Refuse every method of PluginRuntimeProvider with FAILED_PRECONDITION until ConfigureProvider has succeeded.",
  run: async (t) => {
    const { runtime } = await t.start();
    const sessionId = "never-was";
    const calls = {
      GetSupport: () => runtime.getSupport(),
      StartSession: () => runtime.startSession(t.sessionRequest()),
      GetSession: () => runtime.getSession({ sessionId }),
      ListSessions: () => runtime.listSessions(),
      BindHostService: () =>
        runtime.bindHostService({ sessionId, envVar: "A", relay: { dialTarget: "unix:///a" } }),
      StartPlugin: () => runtime.startPlugin({ sessionId, command: "/bin/true" }),
      StopSession: () => runtime.stopSession({ sessionId }),
    };
    for (const [method, call] of Object.entries(calls))
      await t.expect.refused(`${method} before configuration`, call(), "FAILED_PRECONDITION");
  },
});
