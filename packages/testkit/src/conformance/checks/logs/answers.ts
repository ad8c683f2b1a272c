import { defineCheck } from "../../check/check.js";
import { LogWatch, failedStart, logHostOf, mendAfterwards, watchedPlugin } from "./session-log.js";

/** How long the log host takes for a call: who does not wait for its answer is seen to be too early. */
const slowMs = 150;

export const pushedBeforeFailure = defineCheck({
  id: "logs/start-plugin/pushed-before-failure",
  title: "what a plugin wrote is in the host's log before its failed StartPlugin is answered",
  requirements: ["LOGS-3"],
  cause:
    "The error is answered at once; the lines follow, after the host has added what it had to the operator's error.",
  mend: "Before StartPlugin's error is answered, push what the plugin wrote and wait for the log host's answer, within a limit.",
  run: async (t) => {
    const provider = await t.provider();
    const logHost = logHostOf(provider);
    const watch = new LogWatch(t, provider);
    const session = await t.session(provider);
    mendAfterwards(t, logHost);
    logHost.slow(slowMs);
    const words = ["one", "two", "three"].map((word) => `conformance last word ${word}`);
    const request = t.pluginRequest({
      atStart: ["stdout:conformance first word", ...words.map((word) => `stderr:${word}` as const), "exit:7"],
    });
    await failedStart(session, request);
    const log = watch.of(session.id);
    const missing = ["conformance first word", ...words].filter((word) => !log.holds(word));
    t.expect(
      missing.length === 0,
      `when StartPlugin's error came, the log host had not got these lines of the plugin: ${missing.join(", ")}`,
    );
  },
});

export const pushedBeforeStop = defineCheck({
  id: "logs/stop-session/pushed-before-answer",
  title: "the last lines of a session are in the host's log before StopSession is answered",
  requirements: ["LOGS-6"],
  cause:
    "StopSession ends the plugin and answers; what was still in pipes and buffers comes too late or never.",
  mend: "Read the plugin's output to its end, push it, wait for the log host's answer within a limit, and then answer.",
  run: async (t) => {
    const { provider, plugin, session, log } = await watchedPlugin(t);
    const logHost = logHostOf(provider);
    mendAfterwards(t, logHost);
    logHost.slow(slowMs);
    const count = 20;
    await plugin.execute("log", { count });
    await t.relies("stop", "StopSession", () => session.stop());
    const came = new Set(log.numbers("stdout")).size;
    t.expect(
      came === count,
      `when StopSession was answered, the log host had ${came} of the ${count} lines that the plugin wrote last`,
    );
  },
});
