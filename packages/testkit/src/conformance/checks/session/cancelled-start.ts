import { defineCheck } from "../../check/check.js";
import { listed } from "./listed.js";

const calls = 12;
/** A StartSession that works for less than this can't be met in the middle: its answer would cross the end of the call. */
const quickMs = 50;

export const cancelledStartLeavesNone = defineCheck({
  id: "session/start-session/cancelled",
  title: "a StartSession that is cancelled or runs out of time leaves no session",
  requirements: ["SESS-13"],
  instance: "shared",
  cause: "The call's end is not looked at: the session is made, and nobody knows its id.",
  mend: "Look at the call's signal after each await and before answering, and take down what was made.",
  run: async (t) => {
    const provider = await t.provider();
    const { runtime } = provider;
    const before = new Set((await listed(provider))?.map(({ id }) => id));
    let [usualMs, wayMs] = [Infinity, Infinity];
    for (let time = 0; time < 3; time += 1) {
      let startedAt = performance.now();
      await t.relies("handshake", "GetProviderIdentity", () => provider.lifecycle.getProviderIdentity({}));
      wayMs = Math.min(wayMs, performance.now() - startedAt);
      startedAt = performance.now();
      await t.relies("session", "StartSession", () => runtime.startSession(t.sessionRequest()));
      usualMs = Math.min(usualMs, performance.now() - startedAt);
    }
    if (usualMs - wayMs < quickMs) return;
    const answered = new Set(provider.sessionIds);
    const all = Array.from({ length: calls }, (_, index) =>
      runtime.startSession(t.sessionRequest(), cutOff(usualMs, index)).then(
        ({ id }) => answered.add(id),
        () => undefined,
      ),
    );
    await Promise.all(all);
    // What was under way when its call ended comes about only now, if it does.
    await t.pause(2 * usualMs);
    const cut = calls - (answered.size - 3);
    const left = async (): Promise<string[]> =>
      ((await listed(provider)) ?? [])
        .map(({ id }) => id)
        .filter((id) => !before.has(id) && !answered.has(id));
    t.cleanUp("stop the sessions that nobody knows", async () => {
      const ids = (
        (await provider.instance.runtime.listSessions({}).catch(() => undefined))?.sessions ?? []
      ).map(({ id }) => id);
      const unknown = ids.filter((id) => !before.has(id) && !answered.has(id));
      await Promise.all(unknown.map((sessionId) => provider.instance.runtime.stopSession({ sessionId })));
    });
    // A call can end while its answer is on the way, which no provider can know: those are not counted against it.
    await t.eventually(
      `of ${calls} StartSession calls that were cut off, no session is left`,
      5_000,
      async () => {
        const count = (await left()).length;
        return count <= cut / 3 ? undefined : `more than a third have left one in ListSessions`;
      },
    );
  },
});

/** How a call ends well before its answer: by the caller or by its deadline, in turn. */
function cutOff(usualMs: number, index: number): { signal: AbortSignal } | { timeoutMs: number } {
  const afterMs = Math.max(1, Math.round((usualMs * 0.6 * (index + 1)) / calls));
  return index % 2 === 1 ? { timeoutMs: afterMs } : { signal: AbortSignal.timeout(afterMs) };
}
