import { isDeepStrictEqual } from "node:util";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { show } from "../../check/show.js";
import type { SubjectProvider } from "../../subject/provider.js";
import type { SubjectSession } from "../../subject/session.js";
import { leftOf } from "../session/left-running.js";
import { lookUp, restart } from "./restart.js";

const metadata = { team: "blue", "odd key": 'ü "quoted" \n line', empty: "" };

export const findsSessionsAgain = defineCheck({
  id: "recovery/sigkill/finds-sessions-again",
  title: "after SIGKILL and a restart each session is there again: same id, same metadata, true state",
  requirements: ["REC-1", "PROC-8"],
  level: "SHOULD",
  cause: "Sessions are known to the process's memory alone, while what they are made of lives on.",
  mend:
    "Write each session down before its guest is made (fileSessionStore of the SDK), or put id and metadata into the " +
    "guest's labels; at configuration look for what is there, and take it over.",
  run: async (t) => {
    const first = await t.provider();
    const idle = await t.session(first, { metadata });
    const busy = await t.session(first, { metadata });
    await t.plugin(busy);
    const next = await restart(t, first, "SIGKILL");
    await foundAgain(t, next, idle, "a session without a plugin", "ready");
    await foundAgain(t, next, busy, "a session whose plugin runs", "running");
    const { sessions } = await t.expect.answered("ListSessions after it", next.runtime.listSessions());
    const listed = sessions.filter(({ id }) => id === idle.id || id === busy.id).length;
    t.expect(listed === 2, `after SIGKILL and a restart ListSessions has ${listed} of 2 sessions`);
  },
});

async function foundAgain(
  t: CheckContext,
  next: SubjectProvider,
  { id, metadata: asked }: SubjectSession,
  what: string,
  state: string,
): Promise<void> {
  const so = `after SIGKILL and a restart ${what}`;
  let given: Readonly<Record<string, string>> = {};
  const found = await t.eventually(`${so} is ${state} again`, t.subject.times.callMs, async () => {
    const session = await lookUp(next, id);
    given = session?.metadata ?? {};
    if (session === undefined) return "it is not known";
    return session.state === state ? undefined : `its state is ${show(session.state)}`;
  });
  if (!found) return;
  for (const [key, value] of Object.entries(asked))
    t.expect(
      isDeepStrictEqual(given[key], value),
      `${so} has ${show(given[key])} as metadata ${show(key)}; expected ${show(value)}`,
    );
}

export const nothingForgotten = defineCheck({
  id: "recovery/restart/nothing-forgotten",
  title: "after SIGKILL or SIGTERM and a restart no plugin runs whose session is not known",
  requirements: ["PROC-8", "REC-1"],
  needs: ["hosts-plugins", "outlives-provider", "local-processes"],
  cause:
    "At its end the provider forgets its sessions and leaves their guests, which nobody can stop any more.",
  mend: "At the end either destroy what the sessions are made of, or leave it written down for the next start.",
  run: async (t) => {
    for (const how of ["SIGKILL", "SIGTERM"] as const) {
      const first = await t.provider();
      const session = await t.session(first);
      await t.plugin(session);
      const next = await restart(t, first, how);
      await t.eventually(
        `after ${how} and a restart a plugin runs if and only if its session does`,
        t.subject.times.callMs,
        async () => {
          const known = (await lookUp(next, session.id))?.state === "running";
          const left = leftOf(t.place);
          if (known === (left !== undefined)) return undefined;
          return left === undefined ? "the session is running, and no plugin is" : `no session, and ${left}`;
        },
      );
      await t.relies("stop", "StopSession", () => next.runtime.stopSession({ sessionId: session.id }));
      await next.instance.shutdown();
    }
  },
});
