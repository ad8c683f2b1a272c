import { defineCheck } from "../../check/check.js";
import { linesArrive, logHostOf, mendAfterwards, watchedPlugin } from "./session-log.js";

export const comesBack = defineCheck({
  id: "logs/log-host/comes-back",
  title: "once the log host works again, so does the log of a session that was there before",
  requirements: ["LOGS-4"],
  instance: "shared",
  cause: "The first failure ends pushing for good.",
  mend: "Try again after a wait that grows to a second or two, for as long as the session lives.",
  run: async (t) => {
    const { provider, plugin, log } = await watchedPlugin(t);
    const logHost = logHostOf(provider);
    mendAfterwards(t, logHost);
    logHost.fail("UNAVAILABLE");
    await plugin.execute("log", { count: 3 });
    const deadline = performance.now() + t.subject.times.logMs;
    while (log.refused.length === 0 && performance.now() < deadline) await t.pause(10);
    logHost.fail(undefined);
    await plugin.execute("log", { count: 3, first: 4 });
    await linesArrive(t, log, "stdout", 3, 4);
  },
});
