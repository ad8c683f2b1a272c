import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { LogHost } from "../../../host/log-host.js";
import { defineCheck, type Check } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import type { SubjectProvider } from "../../subject/provider.js";
import { SubjectSession } from "../../subject/session.js";
import { logHostOf, mendAfterwards } from "./session-log.js";

const cause =
  "Calls of the host wait until the log host has taken what there is, or fail with it, or the start of the provider does.";
const mend =
  "Push in the background with a deadline for each call, and let StartPlugin's error and StopSession wait a second or so at most.";

/** One way in which the log host is no help, and how it gets so before the provider's first session. */
interface Trouble {
  /** As in `logs/log-host/<name>`. */
  readonly name: string;
  /** As it completes "a log host that ...". */
  readonly does: string;
  readonly begin: (logHost: LogHost) => unknown;
}

const troubles: readonly Trouble[] = [
  { name: "frozen", does: "takes calls and answers none", begin: (host) => host.freeze() },
  { name: "slow", does: "takes a second for every call", begin: (host) => host.slow(1_000) },
  { name: "failing", does: "fails every call", begin: (host) => host.fail("INTERNAL") },
  { name: "gone", does: "is gone", begin: (host) => host.close() },
];

/** Whatever the log host does, the control plane answers (LOGS-4). */
export const troubleChecks: readonly Check[] = [
  ...troubles.map(({ name, does, begin }) =>
    defineCheck({
      id: `logs/log-host/${name}`,
      title: `with a log host that ${does}, sessions and plugins start and stop as ever`,
      requirements: ["LOGS-4"],
      cause,
      mend,
      run: async (t) => {
        const provider = await t.provider();
        const logHost = logHostOf(provider);
        mendAfterwards(t, logHost);
        await begin(logHost);
        await wholeLife(t, provider, `with a log host that ${does}`);
      },
    }),
  ),
  defineCheck({
    id: "logs/log-host/missing",
    title: "with a log host that nobody serves from the beginning, the provider starts and works as ever",
    requirements: ["LOGS-4"],
    cause,
    mend,
    run: async (t) => {
      const instance = await t.spawn();
      await instance.logHost?.close();
      await t.relies("serves", "the provider's start", () => instance.connect(t.signal));
      const provider = t.handle(instance);
      await t.configure(provider);
      await wholeLife(t, provider, "with a log host that was never there");
    },
  }),
];

/** A session from its start to its stop, and one whose plugin fails to start. */
async function wholeLife(t: CheckContext, provider: SubjectProvider, when: string): Promise<void> {
  const { answered } = t.expect;
  const sessions: SubjectSession[] = [];
  while (sessions.length < 2) {
    const asked = t.sessionRequest();
    const started = await answered(`StartSession ${when}`, provider.runtime.startSession(asked));
    const session = new SubjectSession(provider, started, asked.metadata);
    await answered(`GetSession ${when}`, t.untilReady(session));
    sessions.push(session);
  }
  const [works, fails] = sessions;
  if (works === undefined || fails === undefined) return;
  await answered(`BindHostService ${when}`, works.bind("CONFORMANCE_BOUND", "tls://relay.example.com:443"));
  const hosted = await answered(`StartPlugin ${when}`, works.startPlugin(t.pluginRequest()));
  const plugin = await t.relies("plugin", "the fixture plugin's dial target", () => t.dial(works, hosted));
  await plugin.execute("log", { count: 50, stream: "both" });
  await answered(`GetSession ${when}`, works.get());
  await failsInTime(t, fails, when);
  await answered(`ListSessions ${when}`, listed(provider));
  for (const session of sessions)
    await answered(`StopSession ${when}, within the host's 3 s,`, session.stop());
}

async function listed({ runtime }: SubjectProvider): Promise<void> {
  try {
    await runtime.listSessions();
  } catch (error) {
    if (!(error instanceof RuntimeProviderError) || error.code !== "UNIMPLEMENTED") throw error;
  }
}

/** A plugin that can't start: its lines are to be pushed first (LOGS-3), and the error has to come all the same. */
async function failsInTime(t: CheckContext, session: SubjectSession, when: string): Promise<void> {
  const request = t.pluginRequest({ atStart: ["stderr:no use", "exit:7"] });
  const error: unknown = await session.startPlugin(request).catch((thrown: unknown) => thrown);
  t.expect(
    !(error instanceof RuntimeProviderError) || error.code !== "DEADLINE_EXCEEDED",
    `StartPlugin of a plugin that exits at once got no answer ${when}`,
  );
}
