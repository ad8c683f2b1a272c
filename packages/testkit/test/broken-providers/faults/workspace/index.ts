import type { Fault } from "../../fault.js";
import {
  cancelledCheckoutGoesOn,
  cwdOutsideRoot,
  followsLinks,
  pathsOfAnotherSide,
  relativeRoot,
  removesNoWorkspace,
  takesAnyPath,
} from "./with-support.js";
import {
  preparesWithoutSupport,
  removeWorkspaceMissing,
  removeWorkspaceNotFound,
} from "./without-support.js";

export const workspaceFaults: readonly Fault[] = [
  preparesWithoutSupport,
  removeWorkspaceMissing,
  removeWorkspaceNotFound,
  relativeRoot,
  cwdOutsideRoot,
  pathsOfAnotherSide,
  takesAnyPath,
  followsLinks,
  cancelledCheckoutGoesOn,
  removesNoWorkspace,
];
