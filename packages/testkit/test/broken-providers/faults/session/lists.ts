import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PluginRuntimeSessionSchema } from "@gestalt-runtime/sdk/protocol";
import { defineFault } from "../../fault.js";
import type { Reference } from "../../reference/reference.js";

const live = "session/list-sessions/live-ones-in-order";
type Listed = MessageInitShape<typeof PluginRuntimeSessionSchema>;

function changeList(reference: Reference, change: (sessions: readonly Listed[]) => readonly Listed[]): void {
  reference.around("listSessions", async (request, next) => {
    const { sessions = [] } = await next(request);
    return { sessions: [...change(sessions)] };
  });
}

export const listsNewestFirst = defineFault({
  name: "lists-newest-first",
  breaks: [live],
  apply: (reference) => {
    let count = 0;
    reference.newSessionId = () => `ref-${String((count += 1)).padStart(9, "0")}-${randomUUID()}`;
    changeList(reference, (sessions) => [...sessions].reverse());
  },
});

export const listsByLocale = defineFault({
  name: "lists-by-locale",
  breaks: [live],
  apply: (reference) => {
    let count = 0;
    reference.newSessionId = () => `${"aBcDeFgH"[(count += 1) % 8] ?? ""}-${randomUUID()}`;
    changeList(reference, (sessions) =>
      [...sessions].sort((a, b) => (a.id ?? "").localeCompare(b.id ?? "", "en")),
    );
  },
});

export const listsNoFailed = defineFault({
  name: "lists-no-failed",
  breaks: [live],
  apply: (reference) => {
    changeList(reference, (sessions) => sessions.filter(({ state }) => state !== "failed"));
  },
});

export const listsStopped = defineFault({
  name: "lists-stopped",
  breaks: [live],
  apply: (reference) => {
    const stopped: Listed[] = [];
    const { stopSession } = reference;
    reference.stopSession = async (session) => {
      await stopSession(session);
      stopped.push({ ...reference.answerOf(session), state: "stopped" });
    };
    changeList(reference, (sessions) =>
      [...sessions, ...stopped].sort((a, b) =>
        Buffer.compare(Buffer.from(a.id ?? ""), Buffer.from(b.id ?? "")),
      ),
    );
  },
});

export const listsTwice = defineFault({
  name: "lists-twice",
  breaks: [live],
  apply: (reference) => {
    changeList(reference, (sessions) => sessions.flatMap((session) => [session, session]));
  },
});

export const listsOldStates = defineFault({
  name: "lists-old-states",
  breaks: [live],
  apply: (reference) => {
    changeList(reference, (sessions) => sessions.map((session) => ({ ...session, state: "pending" })));
  },
});
