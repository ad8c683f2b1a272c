import type { Check } from "../../check/check.js";
import { findsSessionsAgain, nothingForgotten } from "./finds-again.js";
import { pluginEndedMeanwhile, pluginEndsLater, stopsFoundSession } from "./found-sessions.js";
import { cleansUpPredecessor, leavesLivingAlone } from "./predecessor.js";

/** In the order in which they run. */
export const recoveryChecks: readonly Check[] = [
  findsSessionsAgain,
  nothingForgotten,
  stopsFoundSession,
  pluginEndedMeanwhile,
  pluginEndsLater,
  cleansUpPredecessor,
  leavesLivingAlone,
];
