import type { Check } from "../../check/check.js";
import { cancelledLeavesNothing } from "./cancelled.js";
import { removesWhatNeverWas, unimplementedWithoutSupport } from "./never-was.js";
import { preparesInside, removesWorkspace } from "./prepares.js";
import { refusesLinksOutside, refusesPathsOutside } from "./stays-inside.js";

/** In the order in which they run. */
export const workspaceChecks: readonly Check[] = [
  unimplementedWithoutSupport,
  removesWhatNeverWas,
  preparesInside,
  refusesPathsOutside,
  refusesLinksOutside,
  cancelledLeavesNothing,
  removesWorkspace,
];
