import { defineCheck } from "../../check/check.js";

export const failureInLog = defineCheck({
  id: "session/failed/why-in-log",
  title: "why a session failed stands in its log too",
  requirements: ["SESS-4"],
  level: "SHOULD",
  needs: ["spawned"],
  instance: "shared",
  cause: "The message is only in state_message, which the host does not show.",
  mend: "Write state_message to the session's log, as the runtime's own stream.",
  run: async (t) => {
    const provider = await t.provider();
    const session = await t.session(provider);
    await session.startPlugin(t.pluginRequest({ atStart: ["exit:7"] })).catch(() => undefined);
    const { state, stateMessage } = await session.get();
    // That it fails and says why is another check's question.
    if (state !== "failed" || stateMessage === "") return;
    const plain = (text: string): string => text.replaceAll(/\s+/g, " ").trim();
    await t.eventually("the session's log holds its state_message", 3_000, () =>
      plain(provider.log(session.id).join(" ")).includes(plain(stateMessage).slice(0, 60))
        ? undefined
        : `the log does not, the message is ${JSON.stringify(stateMessage)}`,
    );
  },
});
