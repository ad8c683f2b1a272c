import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import type { SubjectProvider } from "../../subject/provider.js";
import { SubjectSession } from "../../subject/session.js";
import { LogWatch, linesArrive, watchedPlugin } from "./session-log.js";

/** How long the host takes until its log host knows a session that StartSession has answered. */
const registersAfterMs = 300;

export const heldUntilKnown = defineCheck({
  id: "logs/append-logs/held-until-known",
  title: "nothing is lost that was pushed before the host knows the session",
  requirements: ["LOGS-2"],
  instance: "shared",
  cause:
    "Records are pushed as soon as there are some, and what is refused for the unknown session is dropped.",
  mend: "Hold a session's records back until the host's next call for it, or repeat refused ones for some seconds.",
  run: async (t) => {
    const provider = await t.provider();
    const watch = new LogWatch(t, provider);
    const session = await registeredLate(t, provider);
    const log = watch.of(session.id);
    const plugin = await t.plugin(session);
    await plugin.execute("log", { count: 1 });
    await linesArrive(t, log, "stdout", 1);
    const refused = [...new Set(log.refused.map(({ message }) => message))];
    await t.eventually(
      "what was refused before the host knew the session came again",
      t.subject.times.logMs,
      () => {
        const lost = refused.filter((message) => !log.holds(message));
        return lost.length === 0 ? undefined : `${lost.length} of ${refused.length} records did not`;
      },
    );
  },
});

async function registeredLate(t: CheckContext, provider: SubjectProvider): Promise<SubjectSession> {
  const { instance, runtime } = provider;
  const asked = t.sessionRequest();
  const session = await t.relies("session", "StartSession", async () => {
    const started = await runtime.startSession(asked);
    instance.logs.forget(instance.name, started.id);
    return new SubjectSession(provider, started, asked.metadata);
  });
  await t.pause(registersAfterMs);
  instance.logs.register(instance.name, session.id);
  await t.relies("session", "GetSession until it is ready", () => t.untilReady(session));
  return session;
}

const hosts = [
  ["documented", "INTERNAL with runtime session not found"],
  ["2026-04-30", "NOT_FOUND"],
] as const;

export const unknownAlone = defineCheck({
  id: "logs/append-logs/unknown-session-alone",
  title: "a session that the log host does not know holds no other session's log up",
  requirements: ["LOGS-2"],
  cause: "The refusal of one session is taken for a failing log host: pushing stops, or waits, for all.",
  mend: 'Take NOT_FOUND, and INTERNAL that ends in "runtime session not found", as a matter of that one session.',
  run: async (t) => {
    for (const [hostVersion, refusal] of hosts) {
      t.doing = `looking at a host that answers ${refusal}`;
      const provider = await t.provider({ hostVersion });
      const { instance } = provider;
      const watch = new LogWatch(t, provider);
      const [stray, known] = [await t.session(provider), await t.session(provider)];
      const [strayPlugin, knownPlugin] = [await t.plugin(stray), await t.plugin(known)];
      instance.logs.forget(instance.name, stray.id);
      await strayPlugin.execute("log", { count: 5 });
      const refused = watch.of(stray.id);
      await untilRefused(t, () => refused.refused.length);
      await knownPlugin.execute("log", { count: 20 });
      const all = await linesArrive(t, watch.of(known.id), "stdout", 20);
      t.expect(all, `that was after the log host had refused another session with ${refusal}`);
    }
  },
});

/** Or until it is clear that nothing is pushed: that is another check's question. */
async function untilRefused(t: CheckContext, refused: () => number): Promise<void> {
  const deadline = performance.now() + t.subject.times.logMs;
  while (refused() === 0 && performance.now() < deadline) await t.pause(10);
}

/** Longer than anybody waits between two tries. */
const quietMs = 2_500;

export const noEndlessRetry = defineCheck({
  id: "logs/append-logs/no-endless-retry",
  title: "a session that the log host does not know any more is given up after a while",
  requirements: ["LOGS-6"],
  cause: "What is refused is repeated until it is taken: for a forgotten session that is never.",
  mend: "Give a session up that was refused for some seconds: drop its records, and push no more of them.",
  run: async (t) => {
    const { provider, session, plugin, log } = await watchedPlugin(t);
    const { logs, name } = provider.instance;
    logs.forget(name, session.id);
    await plugin.execute("log", { count: 5 });
    const since = performance.now();
    await t.eventually(
      "the provider has given up a session that the log host does not know",
      quietMs + t.subject.times.logMs,
      () =>
        performance.now() - (log.refusedAtMs ?? since) > quietMs
          ? undefined
          : "it still pushes the same records",
    );
  },
});
