import type { Check } from "../../check/check.js";
import { outlivesBadMessages, outlivesNoise } from "./bad-clients.js";
import { anyWorkingDirectory, needsNothingOfOperator } from "./environment.js";
import { endsAtAnyMoment, leavesOthersAlone, severalAtOnce } from "./instances.js";
import {
  parentsDeathLeavesNoPlugin,
  sigkillLeavesNoPlugin,
  sigtermLeavesNoPlugin,
} from "./leaves-no-plugin.js";
import { leavesNothing } from "./leaves-nothing.js";
import { endsWithParent } from "./parent.js";
import { saysWhatItCannot, startsInSandbox } from "./sandbox.js";
import { providerServes } from "./serves.js";
import { exitsOnSigterm } from "./sigterm.js";
import { refusesWithoutSocket } from "./socket-variable.js";
import { replacesStaleSocket } from "./stale-socket.js";
import { nobodyReadsOutput, stdinSaysNothing } from "./stdio.js";

/** In the order in which they run, but for the last one: that comes after those of all areas. */
export const processChecks: readonly Check[] = [
  providerServes,
  refusesWithoutSocket,
  replacesStaleSocket,
  outlivesNoise,
  outlivesBadMessages,
  needsNothingOfOperator,
  anyWorkingDirectory,
  stdinSaysNothing,
  nobodyReadsOutput,
  exitsOnSigterm,
  endsAtAnyMoment,
  endsWithParent,
  sigtermLeavesNoPlugin,
  sigkillLeavesNoPlugin,
  parentsDeathLeavesNoPlugin,
  severalAtOnce,
  leavesOthersAlone,
  startsInSandbox,
  saysWhatItCannot,
  leavesNothing,
];
