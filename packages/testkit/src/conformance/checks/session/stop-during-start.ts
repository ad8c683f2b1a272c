import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import type { SubjectSession } from "../../subject/session.js";
import { CheckBlocked } from "../../check/outcome.js";
import { owners } from "../../check/steps.js";
import { untilStarting } from "../plugin/until-starting.js";
import { leftOf } from "./left-running.js";

const limitMs = 3_000;

export const stopWins = defineCheck({
  id: "session/stop-session/wins-over-start-plugin",
  title: "a StopSession during StartPlugin is answered in time, ends that call, and leaves nothing running",
  requirements: ["SESS-11"],
  needs: ["local-processes"],
  instance: "shared",
  cause:
    "StopSession waits for StartPlugin's end, or stops what there is and the plugin comes up afterwards.",
  mend: "Let the stop cancel the start, wait until that has ended what it made, and only then answer.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const starting = session.startPlugin(
      t.pluginRequest({ atStart: ["fork:daemon,ignore-sigterm", "ignore-sigterm", "listen-late:1500"] }),
    );
    await untilStarting(t, "the plugin is starting", 2, [starting]);
    await t.expect.answered(
      "StopSession during StartPlugin, with the host's deadline of 3000 ms",
      session.stop(),
    );
    const outcome = await starting.then(
      () => "OK",
      () => "refused",
    );
    t.expect(outcome !== "OK", "StartPlugin was answered with OK though its session was stopped meanwhile");
    await isGone(t, session);
    await t.eventually("after a StopSession during StartPlugin no plugin runs", limitMs, () =>
      leftOf(t.place),
    );
  },
});

export const stopAnywhere = defineCheck({
  id: "session/stop-session/beside-start-plugin",
  title: "whenever StopSession comes beside StartPlugin, nothing is left running",
  requirements: ["SESS-11"],
  needs: ["local-processes"],
  instance: "shared",
  cause:
    "There is a moment between two awaits in which a stop sees no plugin yet and the start sees no stop.",
  mend: "Mark the session as stopping first of all, and look at the mark after each await of the start.",
  run: async (t) => {
    const provider = await t.provider();
    const sessions = [];
    for (let round = 0; round < 6; round += 1) sessions.push(await t.session(provider));
    await Promise.all(
      sessions.map(async (session, round) => {
        const starting = session.startPlugin(t.pluginRequest()).catch(() => undefined);
        await t.pause(round === 0 ? 0 : t.random.below(200));
        await t.expect.answered("StopSession beside StartPlugin", session.stop());
        await starting;
      }),
    );
    for (const session of sessions) await isGone(t, session);
    await t.eventually("after six StopSession calls beside StartPlugin no plugin runs", limitMs, () =>
      leftOf(t.place),
    );
  },
});

/** That a stop ends a session at all is another check's question. */
async function stopsWithoutPlugin(t: CheckContext, { provider }: SubjectSession): Promise<void> {
  const session = await t.session(provider);
  await t.relies("stop", "StopSession", () => session.stop());
  const state = await session.get().then(
    (answer) => answer.state,
    () => "stopped",
  );
  if (state !== "stopped")
    throw new CheckBlocked(
      owners.stop,
      `a session that was stopped and had no plugin is ${JSON.stringify(state)}`,
    );
}

async function isGone(t: CheckContext, session: SubjectSession): Promise<void> {
  try {
    const { state } = await session.get();
    if (state !== "stopped") await stopsWithoutPlugin(t, session);
    t.expect.equal("the state of a session that was stopped during StartPlugin", state, "stopped");
  } catch (error) {
    if (!(error instanceof RuntimeProviderError)) throw error;
    t.expect.equal("GetSession's status after a StopSession during StartPlugin", error.code, "NOT_FOUND");
  }
}
