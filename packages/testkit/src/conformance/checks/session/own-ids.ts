import { defineCheck } from "../../check/check.js";

const atOnce = 6;
/** What the host knows; it waits on any other word for ever (SESS-4). */
const states = ["pending", "ready", "running", "stopped", "failed"];

export const answersId = defineCheck({
  id: "session/start-session/own-ids",
  title: "every StartSession answers a state that the host knows and an id of its own, also several at once",
  requirements: ["SESS-1"],
  instance: "shared",
  cause:
    "The id is left empty, made from the plugin's name, or taken from a counter that two calls read at once.",
  mend: "Make an id from randomness for each call, before anything is awaited. Start with a state of the host's five.",
  run: async (t) => {
    const provider = await t.provider();
    const start = (): Promise<{ id: string; state: string }> =>
      t.expect.answered("StartSession", provider.runtime.startSession(t.sessionRequest()));
    const answers = await Promise.all(Array.from({ length: atOnce }, start));
    const [first] = answers;
    // An id must not come back when its session is gone.
    if (first !== undefined) await provider.runtime.stopSession({ sessionId: first.id });
    answers.push(await start());
    for (const { id, state } of answers) {
      t.expect(id !== "", "StartSession answers an empty id");
      t.expect(
        states.includes(state),
        `StartSession answers the state ${JSON.stringify(state)}; expected one of ${states.join(", ")}`,
      );
    }
    const ids = answers.map(({ id }) => id);
    const different = new Set(ids).size;
    t.expect(
      different === ids.length,
      `${atOnce} StartSession calls at once and one after a StopSession answered ${different} different ids; expected ` +
        `${ids.length}`,
    );
    for (const id of new Set(ids.slice(1)))
      t.expect.equal(
        "the id in GetSession's answer",
        (await provider.runtime.getSession({ sessionId: id })).id === id ? "as asked" : "another's",
        "as asked",
      );
  },
});

export const idsNeverComeBack = defineCheck({
  id: "session/start-session/ids-never-come-back",
  title: "no session id is used again by another instance of the provider, nor after a restart",
  requirements: ["SESS-1"],
  needs: ["spawned"],
  cause: "Ids are counted from one in each process.",
  mend: "Make ids from randomness, such as a UUID: the host may run several instances, and remembers ids of dead ones.",
  run: async (t) => {
    const ids: string[] = [];
    const first = await t.provider();
    const second = await t.provider();
    for (const provider of [first, second]) ids.push((await t.session(provider)).id);
    await first.instance.process.kill();
    const third = await t.provider();
    for (const provider of [third, third]) ids.push((await t.session(provider)).id);
    const different = new Set(ids).size;
    t.expect(
      different === ids.length,
      `two instances side by side and one after a restart answered ${different} different ids for ${ids.length} sessions`,
    );
  },
});
