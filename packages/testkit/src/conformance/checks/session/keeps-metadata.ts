import type { PluginRuntimeSession } from "@gestalt-runtime/sdk/protocol";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import type { SubjectSession } from "../../subject/session.js";
import { listed } from "./listed.js";

/** What an operator may write, and what runtimes lose or change: labels of containers allow none of it. */
const hostile: Readonly<Record<string, string>> = {
  empty: "",
  blanks: "  two before, two after  ",
  lines: "one\ntwo\ttabbed",
  "Odd Name/ü=☃": "grüße ☃ 𝄞",
  UPPER: "case",
  upper: "CASE",
  constructor: "no function",
  long: "0123456789abcdef".repeat(256),
};

export const keepsMetadata = defineCheck({
  id: "session/start-session/keeps-metadata",
  title: "each session's metadata comes back unchanged from StartSession, GetSession and ListSessions",
  requirements: ["SESS-2"],
  instance: "shared",
  cause:
    "Metadata is kept in labels with rules of their own, is left out of some answers, or gets entries of the runtime's.",
  mend:
    "Keep the map as StartSession brought it, byte for byte, with the session, and give it back in every answer. The " +
    "host refuses relayed calls of a session whose provider_name does not come back.",
  run: async (t) => {
    const provider = await t.provider();
    const session = await t.session(provider, { metadata: hostile });
    const other = await t.session(provider, { metadata: { provider_name: "other" } });
    same(t, "StartSession", session.started, session);
    same(t, "GetSession", await session.get(), session);
    same(t, "GetSession of a second session", await other.get(), other);
    const all = await listed(provider);
    if (all === undefined) return;
    for (const [name, one] of [
      ["the first", session],
      ["the second", other],
    ] as const) {
      const entry = all.find(({ id }) => id === one.id);
      // Whether it is listed at all is another check's question.
      if (entry !== undefined) same(t, `ListSessions for ${name} session`, entry, one);
    }
  },
});

export const keepsMetadataOnceRunning = defineCheck({
  id: "session/get-session/keeps-metadata-once-running",
  title: "a session's metadata is still there once its plugin runs, and once it has ended",
  requirements: ["SESS-2"],
  instance: "shared",
  cause: "The answer is put together anew from the running plugin, or from what the backend says of it.",
  mend: "Answer the metadata from the session's own record in every state.",
  run: async (t) => {
    const session = await t.session(await t.provider(), { metadata: hostile });
    const plugin = await t.plugin(session);
    same(t, "GetSession once the plugin runs", await session.get(), session);
    await plugin.execute("exit", { code: 3, answerFirst: true });
    // That the end shows is another check's question.
    for (let look = 0; look < 40 && (await session.get()).state === "running"; look += 1) await t.pause(25);
    same(t, "GetSession once the plugin has ended", await session.get(), session);
  },
});

function same(t: CheckContext, what: string, answer: PluginRuntimeSession, asked: SubjectSession): void {
  const { metadata } = answer;
  for (const [name, value] of Object.entries(asked.metadata))
    if (!Object.hasOwn(metadata, name))
      t.expect(
        false,
        `${what} answers no metadata entry ${JSON.stringify(name)}, which StartSession brought`,
      );
    else t.expect.equal(`${what}: the metadata entry ${JSON.stringify(name)}`, metadata[name], value);
  const added = Object.keys(metadata).filter((name) => !Object.hasOwn(asked.metadata, name));
  t.expect(
    added.length === 0,
    `${what} answers metadata that StartSession did not bring: ${added.sort().join(", ")}`,
  );
}
