import { PluginRuntimeLogStream } from "@gestalt-runtime/sdk/protocol";
import { defineFault } from "../../fault.js";

const times = { logMs: 1_000 } as const;

export const onePushForAll = defineFault({
  name: "one-push-for-all",
  breaks: ["logs/append-logs/large-batches"],
  also: ["logs/append-logs/huge-line"],
  times,
  apply: ({ logs }) => {
    logs.mostOfCall = { lines: Infinity, bytes: Infinity };
  },
});

export const pushesUnknownSessions = defineFault({
  name: "pushes-unknown-sessions",
  breaks: ["logs/append-logs/held-until-known"],
  times,
  apply: (reference) => {
    const { logs } = reference;
    logs.mayPush = () => true;
    logs.triesAgain = (lines, outcome) => {
      if (outcome === "unknown session") lines.batch = [];
      return true;
    };
    reference.around("startSession", async (request, next) => {
      const answer = await next(request);
      const message = "the session was made";
      const observedAt = new Date();
      logs.push(answer.id ?? "", { stream: PluginRuntimeLogStream.RUNTIME, message, observedAt });
      return answer;
    });
  },
});

export const oneRefusalStopsAll = defineFault({
  name: "one-refusal-stops-all",
  breaks: ["logs/append-logs/unknown-session-alone"],
  times,
  apply: ({ logs }) => {
    const { append } = logs;
    let stopped = false;
    logs.append = async (...given) => {
      const outcome = stopped ? "failed" : await append(...given);
      stopped ||= outcome === "unknown session";
      return outcome;
    };
  },
});

export const retriesForEver = defineFault({
  name: "retries-for-ever",
  breaks: ["logs/append-logs/no-endless-retry"],
  times,
  apply: ({ logs }) => {
    logs.triesAgain = () => true;
  },
});

export const answersBeforePushing = defineFault({
  name: "answers-before-pushing",
  breaks: ["logs/start-plugin/pushed-before-failure", "logs/stop-session/pushed-before-answer"],
  apply: ({ logs }) => {
    logs.flush = () => Promise.resolve();
  },
});

export const waitsForLogHost = defineFault({
  name: "waits-for-log-host",
  breaks: [
    "logs/log-host/frozen",
    "logs/log-host/slow",
    "logs/log-host/failing",
    "logs/log-host/gone",
    "logs/log-host/missing",
  ],
  apply: (reference) => {
    const { logs, stopSession } = reference;
    // So few that a slow log host needs many calls, and so many that a flood gets through.
    logs.mostOfCall = { ...logs.mostOfCall, lines: 10 };
    reference.stopSession = async (session) => {
      // Once is enough to see it.
      if (session.stopped) return;
      if (session.state === "running") logs.flushMs = 600_000;
      await stopSession(session);
    };
  },
});

export const givesUpForGood = defineFault({
  name: "gives-up-for-good",
  breaks: ["logs/log-host/comes-back", "logs/log-host/drops-counted", "logs/append-logs/large-batches"],
  times,
  apply: ({ logs }) => {
    logs.triesAgain = () => false;
  },
});

export const dropsSilently = defineFault({
  name: "drops-silently",
  breaks: ["logs/log-host/drops-counted", "logs/append-logs/flood", "logs/append-logs/large-batches"],
  times,
  apply: ({ logs }) => {
    // So few that a flood is more than it can take.
    logs.most = { ...logs.most, lines: 1_000 };
    logs.announce = () => [];
  },
});

export const keepsAll = defineFault({
  name: "keeps-all",
  breaks: ["logs/log-host/memory"],
  apply: ({ logs }) => {
    logs.most = { lines: Infinity, bytes: Infinity };
  },
});

export const silentWithoutLogHost = defineFault({
  name: "silent-without-log-host",
  breaks: ["logs/log-host/absent"],
  times,
  apply: ({ logs }) => {
    logs.withoutHost = () => undefined;
  },
});
