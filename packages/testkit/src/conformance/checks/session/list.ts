import { defineCheck } from "../../check/check.js";
import { listed } from "./listed.js";

export const listsSessions = defineCheck({
  id: "session/list-sessions/live-ones-in-order",
  title: "ListSessions names each live session once, failed ones too and stopped ones not, in bytewise order",
  requirements: ["SESS-7"],
  instance: "shared",
  cause: "Sessions are listed in the order of their start or of a locale, or a failed one is forgotten.",
  mend: "Answer all sessions that were not stopped, sorted by the bytes of their ids; or answer UNIMPLEMENTED.",
  run: async (t) => {
    const provider = await t.provider();
    const live = await Promise.all(Array.from({ length: 5 }, () => t.session(provider)));
    const [failed, stopped] = [await t.session(provider), await t.session(provider)];
    await failed.startPlugin(t.pluginRequest({ atStart: ["exit:1"] })).catch(() => undefined);
    await t.relies("stop", "StopSession", () => stopped.stop());
    const all = await listed(provider);
    if (all === undefined) return;
    const ids = all.map(({ id }) => id);
    const times = (id: string): number => ids.filter((one) => one === id).length;
    const counts = live.map(({ id }) => times(id));
    t.expect(
      counts.every((count) => count === 1),
      `ListSessions names five live sessions ${counts.join(", ")} times; expected each once`,
    );
    // Whether the failed start fails the session is another check's question.
    if ((await failed.get()).state === "failed")
      t.expect.equal("how often ListSessions names a failed session", times(failed.id), 1);
    t.expect.equal("how often ListSessions names a stopped session", times(stopped.id), 0);
    const sorted = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    t.expect(
      ids.every((id, index) => id === sorted[index]),
      "ListSessions answers the sessions in another order than that of their ids' bytes",
    );
    for (const session of live) {
      const { state } = await session.get();
      const entry = all.find(({ id }) => id === session.id);
      if (entry !== undefined) t.expect.equal("a session's state in ListSessions", entry.state, state);
    }
  },
});
