import { defineFault } from "../../fault.js";

const finds = "recovery/sigkill/finds-sessions-again";
const meanwhile = "recovery/restart/plugin-ended-meanwhile";
const later = "recovery/restart/plugin-ends-later";

// What each does stands in test/outliving/faults.ts, under the same name.

export const keepsSessionsInMemory = defineFault({
  name: "keeps-sessions-in-memory",
  program: "outliving",
  breaks: [finds, "recovery/restart/nothing-forgotten"],
  times: { callMs: 3_000 },
  apply: () => undefined,
});

export const foundWithoutMetadata = defineFault({
  name: "found-without-metadata",
  program: "outliving",
  breaks: [finds],
  apply: () => undefined,
});

export const foundAsPending = defineFault({
  name: "found-as-pending",
  program: "outliving",
  breaks: [finds, "recovery/restart/nothing-forgotten", meanwhile],
  times: { callMs: 3_000 },
  apply: () => undefined,
});

export const neverAsksWhatBecame = defineFault({
  name: "never-asks-what-became",
  program: "outliving",
  breaks: [meanwhile, later],
  times: { callMs: 4_000 },
  apply: () => undefined,
});

export const blindAfterRestart = defineFault({
  name: "blind-after-restart",
  program: "outliving",
  breaks: [later],
  times: { callMs: 4_000 },
  apply: () => undefined,
});

export const stopsFoundInNameAlone = defineFault({
  name: "stops-found-in-name-alone",
  program: "outliving",
  breaks: ["recovery/restart/stops-found-session"],
  apply: () => undefined,
});
