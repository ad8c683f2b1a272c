import { defineCheck } from "../../check/check.js";
import { hostedDifferently } from "./start-differently.js";

export const answersHosted = defineCheck({
  id: "plugin/start-plugin/answers-hosted-plugin",
  title: "StartPlugin answers a plugin id of its own, the session's id and the plugin's name as given",
  requirements: ["PLUG-5"],
  instance: "shared",
  cause: "Only the dial target is filled in, which is all that the host reads; or the name is cleaned up.",
  mend: "Answer a fresh id, the session's id, and plugin_name as it came.",
  run: async (t) => {
    const provider = await t.provider();
    const pluginName = "odd name/ü=1";
    const session = await t.session(provider);
    const hosted = await hostedDifferently(t, "an odd plugin_name", { pluginName }, session);
    t.expect(hosted.id !== "", "the hosted plugin's id is empty");
    t.expect(hosted.sessionId === session.id, "the hosted plugin's session_id is not the session's id");
    t.expect.equal("the hosted plugin's plugin_name", hosted.pluginName, pluginName);
    const other = await t.session(provider);
    const second = await t.relies("plugin", "StartPlugin of the fixture plugin", () =>
      other.startPlugin(t.pluginRequest()),
    );
    t.expect(hosted.id !== second.id, "two hosted plugins have the same id");
  },
});
