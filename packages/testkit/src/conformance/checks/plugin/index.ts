import type { Check } from "../../check/check.js";
import { answersHosted } from "./answers-hosted.js";
import { argumentsUnchanged, relativeCommand } from "./arguments.js";
import { cancelledAnywhere, cancelledStart } from "./cancelled.js";
import { environmentOrder, nothingLeaksIn, ownVariables, requestedEnvironment } from "./environment.js";
import { emptyCommand, secondStart, startsAtOnce } from "./refusals.js";
import { pluginServes } from "./serves.js";
import { cannotRun, exitsEarly, noSecondTry } from "./start-failures.js";
import { neverServes, talksMuch, waitsForListener } from "./waits-for-listener.js";

/** In the order in which they run. */
export const pluginChecks: readonly Check[] = [
  pluginServes,
  answersHosted,
  argumentsUnchanged,
  relativeCommand,
  nothingLeaksIn,
  requestedEnvironment,
  environmentOrder,
  ownVariables,
  waitsForListener,
  talksMuch,
  neverServes,
  emptyCommand,
  secondStart,
  startsAtOnce,
  exitsEarly,
  cannotRun,
  noSecondTry,
  cancelledStart,
  cancelledAnywhere,
];
