import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { AtStart } from "../../../plugins/at-start.js";
import { defineCheck } from "../../check/check.js";
import type { CheckContext } from "../../check/context.js";
import type { PluginRequest } from "../../subject/requests.js";
import type { SubjectSession } from "../../subject/session.js";

const lastWords = "conformance-last-words";

export const exitsEarly = defineCheck({
  id: "plugin/start-plugin/exits-early",
  title: "a plugin that ends before it serves fails StartPlugin with how it ended and its last words",
  requirements: ["PLUG-6", "SESS-4"],
  instance: "shared",
  cause:
    "StartPlugin waits for the listener alone until its time is over, or the error says no more than that it failed.",
  mend:
    "Watch the process beside the listener; answer with its exit code or signal and the last lines of its stderr, and " +
    "turn the session failed with the same.",
  run: async (t) => {
    const provider = await t.provider();
    const ends: readonly (readonly [string, AtStart, RegExp, string])[] = [
      ["exits with 7", "exit:7", /\b7\b/, "exit code 7"],
      // What an init inside the guest makes of signals: 128 and the number.
      ["dies of SIGABRT", "crash:SIGABRT", /SIGABRT|SIGIOT|SIGSEGV|\b(6|11|134|139)\b/, "signal SIGABRT"],
    ];
    for (const [what, behaviour, pattern, expected] of ends) {
      const session = await t.session(provider);
      const error = await failsToStart(
        t,
        session,
        what,
        t.pluginRequest({ atStart: [`stderr:${lastWords}`, behaviour] }),
      );
      if (error === undefined) continue;
      t.expect(
        pattern.test(error.message),
        `the error for a plugin that ${what} before it serves does not hold ${expected}: ${quoted(error)}`,
      );
      // abort() writes lines of its own.
      t.expect(
        error.message.includes(lastWords) || behaviour === "crash:SIGABRT",
        `the error for a plugin that ${what} before it serves does not hold the last line of its stderr: ${quoted(error)}`,
      );
      await turnsFailed(t, session, `a plugin that ${what} before it serves`);
    }
  },
});

export const cannotRun = defineCheck({
  id: "plugin/start-plugin/cannot-run",
  title:
    "a program that is missing or not executable fails StartPlugin at once, says so, and fails the session",
  requirements: ["PLUG-6", "SESS-4"],
  instance: "shared",
  cause:
    "The spawn error is not looked at: StartPlugin waits until its time is over, or answers INTERNAL without a text.",
  mend: "Tell ENOENT and EACCES apart, name the command, and turn the session failed with the same text.",
  run: async (t) => {
    const provider = await t.provider();
    const wrong = [
      ["that is missing", "/nonexistent/conformance/plugin"],
      // In nearly every image, and executable in none.
      ["that is not executable", "/etc/passwd"],
    ] as const;
    for (const [what, command] of wrong) {
      const session = await t.session(provider);
      const error = await failsToStart(t, session, `is a program ${what}`, { ...t.pluginRequest(), command });
      if (error === undefined) continue;
      t.expect(
        /not found|no such file|missing|ENOENT|does not exist|not executable|permission|EACCES|exec format|can't be (run|executed)|(126|127)\b/i.test(
          error.message,
        ),
        `the error for a program ${what} does not say so: ${quoted(error)}`,
      );
      await turnsFailed(t, session, `a program ${what}`);
    }
  },
});

export const noSecondTry = defineCheck({
  id: "plugin/start-plugin/no-second-try",
  title: "after a StartPlugin that failed, another one in that session is refused",
  requirements: ["PLUG-6"],
  instance: "shared",
  cause: "Only plugins that run are counted as a start.",
  mend: "A session has one plugin: refuse with FAILED_PRECONDITION once StartPlugin was tried.",
  run: async (t) => {
    const session = await t.session(await t.provider());
    const error = await session.startPlugin(t.pluginRequest({ atStart: ["exit:1"] })).catch(() => "failed");
    // That it fails is another check's question.
    if (error !== "failed") return;
    await t.expect.refused(
      "StartPlugin in a session whose first StartPlugin failed",
      session.startPlugin(t.pluginRequest()),
      "FAILED_PRECONDITION",
    );
  },
});

async function failsToStart(
  t: CheckContext,
  session: SubjectSession,
  what: string,
  request: PluginRequest,
): Promise<RuntimeProviderError | undefined> {
  const startedAt = performance.now();
  try {
    await session.startPlugin(request);
  } catch (error) {
    if (!(error instanceof RuntimeProviderError)) throw error;
    if (performance.now() - startedAt >= t.subject.times.callMs) {
      t.expect(
        false,
        `StartPlugin did not fail within ${t.subject.times.callMs} ms though the plugin ${what}`,
      );
      return undefined;
    }
    return error;
  }
  t.expect(false, `StartPlugin was answered with OK though the plugin ${what}`);
  return undefined;
}

/** The session says why, in one word and in a sentence (SESS-4, PLUG-6). */
async function turnsFailed(t: CheckContext, session: SubjectSession, after: string): Promise<void> {
  const { state, stateReason, stateMessage } = await session.get();
  t.expect.equal(`the session's state after ${after}`, state, "failed");
  if (state !== "failed") return;
  t.expect(
    /^\S+$/.test(stateReason),
    `the failed session's state_reason after ${after} is ${JSON.stringify(stateReason)}; expected one word`,
    "SESS-4",
  );
  t.expect(
    stateMessage.trim() !== "",
    `the failed session's state_message after ${after} is empty`,
    "SESS-4",
  );
}

function quoted({ code, message }: RuntimeProviderError): string {
  return `${code}: ${JSON.stringify(message.slice(0, 600))}`;
}
