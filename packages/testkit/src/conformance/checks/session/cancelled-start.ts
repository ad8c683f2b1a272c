import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import type { SubjectProvider } from "../../subject/provider.js";
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
    const files = await filesOfSession(t, provider);
    const answered = new Set(provider.sessionIds);
    const begun = answered.size;
    const all = Array.from({ length: calls }, (_, index) =>
      runtime.startSession(t.sessionRequest(), cutOff(usualMs, index)).then(
        ({ id }) => answered.add(id),
        () => undefined,
      ),
    );
    await Promise.all(all);
    // What was under way when its call ended comes about only now, if it does.
    await t.pause(2 * usualMs);
    const cut = calls - (answered.size - begun);
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
    // A session that nobody lists still has what was made for it.
    if (files.each === 0) return;
    const known = [...provider.sessionIds];
    await Promise.all(known.map((sessionId) => runtime.stopSession({ sessionId }).catch(() => undefined)));
    await t.eventually(
      `of ${calls} StartSession calls that were cut off, no session's files are left`,
      5_000,
      () => {
        const count = t.place.paths().filter((path) => !files.usual.has(path)).length / files.each;
        return count <= cut / 3 ? undefined : `those of more than a third are left below TMPDIR`;
      },
    );
  },
});

/** What lies below TMPDIR without a session more, and how many paths one adds; 0 where they lie elsewhere. */
async function filesOfSession(
  t: CheckContext,
  provider: SubjectProvider,
): Promise<{ readonly usual: ReadonlySet<string>; readonly each: number }> {
  for (const sessionId of provider.sessionIds)
    await t.relies("stop", "StopSession", () => provider.runtime.stopSession({ sessionId }));
  const usual = new Set(t.place.paths());
  const session = await t.session(provider);
  const each = t.place.paths().filter((path) => !usual.has(path)).length;
  await t.relies("stop", "StopSession", () => session.stop());
  return { usual, each };
}

/** How a call ends well before its answer: by the caller or by its deadline, in turn. */
function cutOff(usualMs: number, index: number): { signal: AbortSignal } | { timeoutMs: number } {
  const afterMs = Math.max(1, Math.round((usualMs * 0.6 * (index + 1)) / calls));
  return index % 2 === 1 ? { timeoutMs: afterMs } : { signal: AbortSignal.timeout(afterMs) };
}
