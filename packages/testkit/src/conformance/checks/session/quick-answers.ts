import { defineCheck } from "../../check/check.js";
import { CheckBlocked } from "../../check/outcome.js";
import { owners } from "../../check/steps.js";

/** How long a StartPlugin takes during which something is asked. */
const listensAfterMs = 1_200;
const looks = 40;
/** What the contract grants GetSession, "a few milliseconds", beyond the way there and back. */
const grantedMs = 10;

export const answersWhileBusy = defineCheck({
  id: "session/get-session/answers-while-busy",
  title: "GetSession is answered while StartPlugin or StopSession of that session is under way",
  requirements: ["SESS-5"],
  instance: "shared",
  cause: "All calls on a session wait in one line.",
  mend: "Answer GetSession from the session's record without waiting for anything.",
  run: async (t) => {
    const provider = await t.provider();
    const session = await t.session(provider);
    const order: string[] = [];
    const begun = performance.now();
    let startedMs = 0;
    const starting = session
      .startPlugin(t.pluginRequest({ atStart: [`listen-late:${listensAfterMs}`, "ignore-sigterm"] }))
      .catch(() => undefined)
      .then(() => {
        startedMs = performance.now() - begun;
        order.push("StartPlugin");
      });
    await t.pause(50);
    for (let look = 0; look < 5; look += 1) await session.get();
    order.push("GetSession");
    await starting;
    // Nothing can be asked meanwhile where there is no meanwhile.
    if (startedMs < listensAfterMs)
      throw new CheckBlocked(
        owners.listens,
        `StartPlugin of a plugin that listens after ${listensAfterMs} ms was answered before`,
      );
    t.expect(
      order[0] === "GetSession",
      `GetSession calls during a StartPlugin of ${listensAfterMs} ms were answered only after that one`,
    );
  },
});

export const answersQuickly = defineCheck({
  id: "session/get-session/answers-quickly",
  title: "GetSession answers from what the provider knows: in milliseconds",
  requirements: ["SESS-5"],
  instance: "shared",
  cause: "Each GetSession asks the backend. The host sends one for every relayed call of the plugin.",
  mend: "Keep the session's state in memory, up to date by watching, and answer that.",
  run: async (t) => {
    const provider = await t.provider();
    const session = await t.session(provider);
    const quickest = async (call: () => Promise<unknown>): Promise<number> => {
      const startedAt = performance.now();
      await call();
      return performance.now() - startedAt;
    };
    // The best of many, and beside a call that asks for nothing: a busy machine slows down both.
    let [way, look] = [Infinity, Infinity];
    for (let time = 0; time < looks; time += 1) {
      way = Math.min(way, await quickest(() => provider.lifecycle.getProviderIdentity({})));
      look = Math.min(look, await quickest(() => session.get()));
    }
    t.expect(
      look <= way + grantedMs,
      `the quickest of ${looks} GetSession calls took over ${grantedMs} ms more than the quickest GetProviderIdentity`,
    );
  },
});
