import { defineCheck } from "../../check/check.js";
import { leftOf } from "../session/left-running.js";
import { untilStarting } from "./until-starting.js";

/** How soon all has to be gone: the host's own patience with a stop (SESS-8). */
const limitMs = 3_000;

export const cancelledStart = defineCheck({
  id: "plugin/start-plugin/cancelled",
  title: "a StartPlugin that is cancelled or out of time leaves no process, and its session turns failed",
  requirements: ["PLUG-7"],
  needs: ["local-processes"],
  instance: "shared",
  cause: "Nobody listens for the call's end: the plugin goes on and its session stays as it was.",
  mend: "Pass the call's signal on to the start; when it fires, end the plugin and all it started, and fail the session.",
  run: async (t) => {
    const provider = await t.provider();
    const request = t.pluginRequest({ atStart: ["fork:plain", "fork:daemon,ignore-sigterm", "no-listen"] });
    const [cancelled, late] = [await t.session(provider), await t.session(provider)];
    const cancel = new AbortController();
    const calls = [
      cancelled.startPlugin(request, { signal: cancel.signal }),
      late.startPlugin(request, { timeoutMs: 1_500 }),
    ];
    // Cancelled in the middle: when both have forked.
    await untilStarting(t, "both plugins are starting", 2, calls);
    cancel.abort();
    await Promise.allSettled(calls);
    await t.eventually(
      "after a StartPlugin was cancelled and another ran out of time, no plugin runs",
      limitMs,
      () => leftOf(t.place),
    );
    for (const [what, session] of [
      ["was cancelled", cancelled],
      ["ran out of time", late],
    ] as const)
      await t.eventually(`the session whose StartPlugin ${what} is failed`, limitMs, async () => {
        const { state } = await session.get();
        return state === "failed" ? undefined : `it is ${state}`;
      });
  },
});

export const cancelledAnywhere = defineCheck({
  id: "plugin/start-plugin/cancelled-at-any-moment",
  title: "whenever a StartPlugin is cancelled, no process is left once its session is stopped",
  requirements: ["PLUG-7"],
  needs: ["local-processes"],
  instance: "shared",
  cause: "The call's end is looked at only at some points: a plugin that is spawned just then is nobody's.",
  mend: "Look at the signal again after each await, and end what was made meanwhile.",
  run: async (t) => {
    const provider = await t.provider();
    for (let round = 0; round < 6; round += 1) {
      const session = await t.session(provider);
      const signal = AbortSignal.timeout(1 + t.random.below(150));
      await session
        .startPlugin(t.pluginRequest({ atStart: ["no-listen"] }), { signal })
        .catch(() => undefined);
      await t.relies("stop", "StopSession", () => session.stop());
    }
    await t.eventually(
      "after six cancelled StartPlugin calls and StopSession of each, no plugin runs",
      limitMs,
      () => leftOf(t.place),
    );
  },
});
