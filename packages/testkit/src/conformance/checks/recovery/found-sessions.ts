import { defineCheck, type Check } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { CheckBlocked } from "../../check/outcome.js";
import { show } from "../../check/show.js";
import type { SubjectProvider } from "../../subject/provider.js";
import { leftOf } from "../session/left-running.js";
import { findsSessionsAgain } from "./finds-again.js";
import { killPlugins, lookUp, restart } from "./restart.js";

const shared = {
  requirements: ["REC-1"],
  level: "SHOULD",
  needs: ["local-processes"],
} as const satisfies Partial<Check>;

/** A session with a plugin, as the next provider knows it after a SIGKILL. */
async function found(
  t: CheckContext,
  meanwhile = (): void => undefined,
): Promise<{ next: SubjectProvider; id: string }> {
  const first = await t.provider();
  const session = await t.session(first);
  await t.plugin(session);
  await first.instance.kill();
  meanwhile();
  const next = await restart(t, first, "SIGKILL");
  return { next, id: session.id };
}

async function mustBeFound(t: CheckContext, next: SubjectProvider, id: string): Promise<void> {
  const deadline = performance.now() + t.subject.times.callMs;
  while ((await lookUp(next, id))?.state !== "running") {
    if (performance.now() > deadline)
      throw new CheckBlocked(findsSessionsAgain.id, "after SIGKILL and a restart the session is not running");
    await t.pause(25);
  }
}

export const stopsFoundSession = defineCheck({
  ...shared,
  id: "recovery/restart/stops-found-session",
  title: "StopSession of a session that was found again ends it, and the next restart does not bring it back",
  cause: "What was found is listed, and nothing leads from it to what it is made of; or its record stays.",
  mend: "Keep with each session what it takes to remove it, and forget it only once that is done.",
  run: async (t) => {
    const { next, id } = await found(t);
    await mustBeFound(t, next, id);
    await t.expect.answered(
      "StopSession of a session that was found again",
      next.runtime.stopSession({ sessionId: id }, { timeoutMs: 3_000 }),
    );
    await t.eventually("after StopSession of a session that was found again no plugin runs", 3_000, () =>
      leftOf(t.place),
    );
    const after = await restart(t, next, "SIGKILL");
    const { state } = (await lookUp(after, id)) ?? {};
    t.expect(
      state === undefined,
      `a session that was found again and stopped is ${show(state)} after one more restart; expected NOT_FOUND or stopped`,
    );
  },
});

export const pluginEndedMeanwhile = defineCheck({
  ...shared,
  id: "recovery/restart/plugin-ended-meanwhile",
  title: "a plugin that ended while no provider ran shows after the restart",
  cause: "The state that was written down is told, and nobody asks what became of it.",
  mend: "Ask the backend about each session that is found, before its state is told.",
  run: async (t) => {
    const { next, id } = await found(t, () => killPlugins(t));
    await t.eventually(
      "a session whose plugin ended while no provider ran is failed or gone",
      t.subject.times.callMs,
      async () => {
        const { state = "failed" } = (await lookUp(next, id)) ?? {};
        return state === "failed" ? undefined : `its state is ${show(state)}`;
      },
    );
  },
});

export const pluginEndsLater = defineCheck({
  ...shared,
  id: "recovery/restart/plugin-ends-later",
  title: "the end of a plugin whose session was found again shows as any other does",
  cause: "The exit is only seen by the process that has started the plugin.",
  mend: "Watch again what was found: by the backend's own events, or by asking it now and then.",
  run: async (t) => {
    const { next, id } = await found(t);
    await mustBeFound(t, next, id);
    killPlugins(t);
    await t.eventually(
      "a session that was found again is failed or gone once its plugin has ended",
      t.subject.times.callMs,
      async () => {
        const { state = "failed" } = (await lookUp(next, id)) ?? {};
        return state === "failed" ? undefined : `its state is ${show(state)}`;
      },
    );
  },
});
