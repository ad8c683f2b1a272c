import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineFault } from "../../fault.js";

const breaks = ["process/end/leaves-nothing"] as const;

/** It looks after all sessions, and nobody ends it. */
export const helperOutlivesIt = defineFault({
  name: "helper-outlives-it",
  breaks,
  apply: (reference) => {
    const { end } = reference;
    let hosted = false;
    reference.around("startSession", (request, next) => {
      hosted = true;
      return next(request);
    });
    reference.end = () => {
      if (hosted) spawn("sleep", ["600"], { detached: true, stdio: "ignore" }).unref();
      return end();
    };
  },
});

export const keepsCrashDumps = defineFault({
  name: "keeps-crash-dumps",
  breaks,
  apply: (reference) => {
    const { onPluginEnd } = reference;
    reference.onPluginEnd = (session, end) => {
      if (!(end.how === "exit" && end.code === 0) && !session.stopped)
        writeFileSync(join(tmpdir(), `dump-${randomUUID()}`), "");
      onPluginEnd(session, end);
    };
  },
});
