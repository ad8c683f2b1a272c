import { defineCheck } from "../../check/check.js";

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
    const starting = session
      .startPlugin(t.pluginRequest({ atStart: ["listen-late:1200", "ignore-sigterm"] }))
      .then(
        () => order.push("StartPlugin"),
        () => order.push("StartPlugin"),
      );
    await t.pause(50);
    for (let look = 0; look < 5; look += 1) await session.get();
    order.push("GetSession");
    await starting;
    t.expect(
      order[0] === "GetSession",
      "GetSession calls during a StartPlugin of 1200 ms were answered only after that one",
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
