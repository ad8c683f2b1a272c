import { fixtureLogLine } from "../../../plugins/log-lines.js";
import { defineCheck } from "../../check/check.js";

export const onStderr = defineCheck({
  id: "logs/log-host/absent",
  title: "without a log host, a plugin's lines are on the provider's stderr",
  requirements: ["LOGS-5"],
  cause: "Without GESTALT_RUNTIME_LOG_SOCKET records go nowhere, or the provider does not start.",
  mend: "Where the variable is absent, write each record as a line to stderr, with its session.",
  run: async (t) => {
    const provider = await t.provider({ logHost: false });
    const plugin = await t.plugin(await t.session(provider));
    await plugin.execute("log", { count: 3, stream: "both" });
    const lines = (["stdout", "stderr"] as const).map((stream) => fixtureLogLine(stream, 3).toString());
    await t.eventually("the provider's stderr holds what the plugin wrote", t.subject.times.logMs, () => {
      const missing = lines.filter((line) => !provider.instance.process.stderr.includes(line));
      return missing.length === 0
        ? undefined
        : `the last line of the plugin's ${missing.map((line) => line.split(" ", 1)[0] ?? "").join(" and ")} is not there`;
    });
  },
});
