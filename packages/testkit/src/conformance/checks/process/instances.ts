import { existsSync } from "node:fs";
import { describeEnd } from "../../../host/provider-process.js";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import type { SubjectProvider } from "../../subject/provider.js";

/** As many as a host starts for five hosted plugins. */
const instances = 5;

export const severalAtOnce = defineCheck({
  id: "process/instances/several-at-once",
  title: "several instances that start at once are all configured, and all but the first end cleanly",
  requirements: ["PROC-9"],
  cause: "A second instance finds a port, a lock file or a name taken, and gives up.",
  mend: "Give each instance names of its own; share nothing that only one can hold.",
  run: async (t) => {
    const [first, ...others] = await startAtOnce(t);
    const ends = await Promise.all(
      others.map(({ instance }) => instance.process.terminate(instance.times.providerStopMs)),
    );
    for (const end of ends)
      t.expect(
        !end.killed && end.code === 0,
        end.killed
          ? `one of ${instances} instances was still running 2000 ms after SIGTERM`
          : `SIGTERM ended one of ${instances} instances with ${describeEnd(end)}; expected exit code 0`,
      );
    for (const { instance } of others)
      t.expect(!existsSync(instance.socketPath), "an instance's socket file is still there after its exit");
    if (first !== undefined)
      await t.expect.answered(
        "GetSupport of the first instance, when the others have ended",
        first.runtime.getSupport(),
      );
  },
});

async function startAtOnce(t: CheckContext): Promise<SubjectProvider[]> {
  const outcomes = await Promise.allSettled(Array.from({ length: instances }, () => t.provider()));
  const started = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = outcomes.find((one) => one.status === "rejected");
  if (failed === undefined) return started;
  for (const { instance } of started) await instance.shutdown();
  // What keeps a single one from starting is another check's question.
  await t.provider();
  const reason: unknown = failed.reason;
  return t.expect.fail(
    `of ${instances} instances that start at once ${instances - started.length} do not come up, and one by itself does: ` +
      (reason instanceof Error ? reason.message : String(reason)),
  );
}

/** Moments of a start at which SIGTERM comes. */
const moments = 8;

export const endsAtAnyMoment = defineCheck({
  id: "process/sigterm/any-moment-of-the-start",
  title: "SIGTERM ends a provider at any moment of its start, and nothing is left of it after the next one",
  requirements: ["PROC-9", "PROC-6"],
  cause:
    "The signal's handler is installed and does nothing until all is up, or the end trips over what is not there yet.",
  mend: "Handle SIGTERM first of all; when it comes, give up the start, undo what was made and exit with 0.",
  run: async (t) => {
    const startedAt = performance.now();
    const whole = await t.provider();
    const startMs = performance.now() - startedAt;
    await whole.instance.process.terminate(whole.instance.times.providerStopMs);
    const usual = new Set(t.place.paths());
    for (let moment = 0; moment < moments; moment += 2)
      await Promise.all([endAt(t, moment, startMs), endAt(t, moment + 1, startMs)]);
    const next = await t.provider();
    await next.instance.process.terminate(next.instance.times.providerStopMs);
    await next.instance.shutdown();
    await t.eventually("after those and one more instance nothing is left", 3_000, () => {
      const processes = t.place.processes().length;
      const files = t.place.paths().filter((path) => !usual.has(path)).length;
      return processes + files === 0 ? undefined : `${processes} processes and ${files} files are`;
    });
  },
});

async function endAt(t: CheckContext, moment: number, startMs: number): Promise<void> {
  const share = (moment + t.random.below(100) / 100) / (moments - 1);
  const instance = await t.spawn();
  const connected = instance.connect(t.signal);
  // A host may be told to end before it has said a word.
  const isSilent = moment % 2 === 1;
  const connecting = connected
    .then(() => (isSilent ? undefined : instance.handshake(t.subject.config, t.signal)))
    .catch(() => undefined);
  if (moment === moments - 1) await connecting;
  else await t.pause(share * startMs);
  const served = existsSync(instance.socketPath);
  const end = await instance.process.terminate(instance.times.providerStopMs);
  await connecting;
  const when = served ? "once it serves" : "before it serves";
  if (end.killed) t.expect(false, `SIGTERM during the start, ${when}: it was still running 2000 ms later`);
  // What a program's interpreter does before the program's first line is nobody's fault.
  else if (served || end.signal !== "SIGTERM")
    t.expect(
      end.code === 0,
      `SIGTERM during the start, ${when}: it ended with ${describeEnd(end)}; expected exit code 0`,
    );
  t.expect(
    !existsSync(instance.socketPath),
    `SIGTERM during the start, ${when}: its socket file is still there`,
  );
  await instance.shutdown();
}

export const leavesOthersAlone = defineCheck({
  id: "process/instances/leave-each-other-alone",
  title: "an instance that starts, hosts and ends touches nothing of another that is alive",
  requirements: ["PROC-9", "REC-2"],
  needs: ["hosts-plugins"],
  cause: "What is there at the start is taken for what a dead predecessor left, and removed.",
  mend:
    "Prove that an owner is dead before touching what is its: by a lock that dies with it, such as a listening socket " +
    "or flock, never by a name or an age.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const plugin = await t.plugin(session);
    const second = await t.provider();
    await t.plugin(await t.session(second));
    const third = await t.provider();
    for (const { instance } of [second, third])
      await instance.process.terminate(instance.times.providerStopMs);
    const { state } = await t.expect.answered(
      "GetSession of the first instance's session, when two others have come and gone",
      session.get(),
    );
    t.expect.equal("the state of that session", state, "running");
    await t.expect.answered(
      "a call of the plugin that runs in it",
      plugin.client.execute({ operation: "echo", params: { still: "here" } }),
    );
    await t.expect.answered("a new connection to that plugin", reached(t, session, plugin.hosted));
  },
});

async function reached(
  t: CheckContext,
  session: Parameters<CheckContext["dial"]>[0],
  hosted: Parameters<CheckContext["dial"]>[1],
): Promise<void> {
  const again = await t.dial(session, hosted);
  await again.client.execute({ operation: "echo", params: {} });
}
