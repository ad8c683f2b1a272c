import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import { patternOf, type Leak, type Leftover } from "../../leftovers/leak.js";
import type { SubjectProvider } from "../../subject/provider.js";
import type { SubjectSession } from "../../subject/session.js";

const id = "process/end/leaves-nothing";

export const leavesNothing = defineCheck({
  id,
  title:
    "once the run is over and every provider has ended, nothing of theirs is left: no process, socket or directory",
  requirements: ["PROC-8", "SESS-8"],
  last: true,
  cause:
    "Something is made on a way that is seldom gone (a start that fails or is cancelled, a plugin that dies), or for all " +
    "sessions at once, and no stop takes it away.",
  mend:
    "Enter what is made for a session, each helper process, socket and directory, where its stop finds it before it is " +
    "made, and end the provider's own helpers when it ends itself.",
  run: async (t) => {
    // A process that runs on has no excuse, an odd file may have one.
    say(t, "PROC-8", t.leaks.filter(isProcess));
    const quiet = (await afterQuietSession(t)).map(own);
    const odd = (await afterOddSessions(t)).map(own);
    say(t, "PROC-8", [...quiet, ...odd].filter(isProcess));
    const usual = new Set(quiet.map(patternOf));
    const files = [...t.leaks, ...odd].filter((one) => !isProcess(one) && !usual.has(patternOf(one)));
    say(
      t,
      "SESS-8",
      files.filter((one) => isInnermost(one, files)),
    );
  },
});

function own({ kind, name }: Leftover): Leak {
  return { kind, name, after: id };
}

function isProcess({ kind }: Leftover): boolean {
  return kind === "process";
}

/** Of a directory with something in it, what is in it says more. */
function isInnermost({ name, after }: Leak, all: readonly Leak[]): boolean {
  return !all.some((other) => other.after === after && other.name.startsWith(`${name}/`));
}

/** One difference for each thing, with the checks that it came after. */
function say(t: CheckContext, requirement: string, leaks: readonly Leak[]): void {
  const after = new Map<string, Set<string>>();
  for (const leak of leaks) {
    const what = patternOf(leak);
    after.set(what, (after.get(what) ?? new Set()).add(leak.after));
  }
  for (const [what, checks] of [...after].sort(([a], [b]) => a.localeCompare(b, "en")))
    t.expect(false, `${what} was left once the provider had ended, ${afterText(checks)}`, requirement);
  const others = leaks.map((leak) => leak.after).filter((check) => check !== id);
  t.repeatWith = [...new Set([...t.repeatWith, ...others])].sort();
}

const mostNamed = 4;

function afterText(checks: ReadonlySet<string>): string {
  const named = [...checks].sort().slice(0, mostNamed);
  const more = checks.size - named.length;
  return `after ${named.map((check) => (check === id ? "sessions of this check's own" : check)).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/**
 * A session as it should go: made, its plugin started, stopped. What lies there after the provider's end was made once
 * and is kept (a cache, a lock), or is the question of `session/stop-session/frees-files`.
 */
async function afterQuietSession(t: CheckContext): Promise<Leftover[]> {
  const provider = await t.provider();
  const session = await t.session(provider);
  (await t.plugin(session)).close();
  await t.relies("stop", "StopSession", () => session.stop());
  return leftAfter(t, provider);
}

/** Sessions that go other ways, each stopped, as the host does before it ends the provider. */
async function afterOddSessions(t: CheckContext): Promise<Leftover[]> {
  const provider = await t.provider();
  const ways: ((session: SubjectSession) => Promise<unknown>)[] = [
    () => Promise.resolve(),
    (session) => session.startPlugin({ ...t.pluginRequest(), command: "/nonexistent/conformance/plugin" }),
    (session) => session.startPlugin(t.pluginRequest({ atStart: ["exit:7"] })),
    (session) =>
      session.startPlugin(t.pluginRequest({ atStart: ["fork:daemon", "no-listen"] }), { timeoutMs: 800 }),
    async (session) => {
      const plugin = await t.plugin(session, { atStart: ["fork:plain"] });
      await plugin.client.execute({ operation: "crash", params: { how: "SIGABRT" } }).catch(() => undefined);
      plugin.close();
    },
  ];
  for (const goes of ways) {
    const session = await t.session(provider);
    // What comes of it is the question of other checks.
    await goes(session).catch(() => undefined);
    await t.relies("stop", "StopSession", () => session.stop());
  }
  return leftAfter(t, provider);
}

/** What is left of a provider that SIGTERM ends; nothing where it does not end by that (PROC-6). */
async function leftAfter(t: CheckContext, { instance }: SubjectProvider): Promise<Leftover[]> {
  const { code } = await instance.shutdown();
  if (code !== 0) return [];
  await t.place.ending();
  return t.place.leftovers();
}
