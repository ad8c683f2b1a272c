import type { Check } from "../../check/check.js";
import { providerServes } from "./serves.js";
import { exitsOnSigterm } from "./sigterm.js";
import { refusesWithoutSocket } from "./socket-variable.js";
import { replacesStaleSocket } from "./stale-socket.js";

/** In the order in which they run. */
export const processChecks: readonly Check[] = [
  providerServes,
  refusesWithoutSocket,
  replacesStaleSocket,
  exitsOnSigterm,
];
