import type { Check } from "../../check/check.js";
import { supportAnswers } from "./answers.js";
import { hostingIsImplemented, knownValues, refusesWhatItCannot, sameThroughout } from "./claims.js";
import { directAnyPath } from "./direct-any-path.js";
import { hostnameDenies } from "./hostname-denies.js";

/** In the order in which they run. */
export const supportChecks: readonly Check[] = [
  supportAnswers,
  knownValues,
  sameThroughout,
  hostingIsImplemented,
  refusesWhatItCannot,
  directAnyPath,
  hostnameDenies,
];
