import { defineCheck } from "../../check/check.js";

export const pluginServes = defineCheck({
  id: "plugin/start-plugin/serves",
  title: "the fixture plugin starts in a session, and answers at the target that StartPlugin gave",
  requirements: ["PLUG-4", "PLUG-5", "PLUG-8"],
  instance: "shared",
  cause:
    "The plugin's program is not where the guest looks for it, or the target is the guest's own address, which the " +
    "host can't reach.",
  mend:
    "Look at the plugin's last words in the session's log. If it runs in an image, set plugin.command in the suite's " +
    "config to its path there; if it listens, lead the target to it.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const hosted = await t.expect.answered(
      "StartPlugin of the fixture plugin",
      session.startPlugin(t.pluginRequest({ hostBinary: "" })),
    );
    const plugin = await t.dialAnyway(session, hosted);
    t.expect.equal("the operation's answer", await plugin.execute("echo", { asked: "so" }), { asked: "so" });
  },
});
