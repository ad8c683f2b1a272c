import type { Check } from "../../check/check.js";
import { sessionGetsReady } from "./gets-ready.js";
import { sessionStops } from "./stops.js";

/** In the order in which they run. */
export const sessionChecks: readonly Check[] = [sessionGetsReady, sessionStops];
