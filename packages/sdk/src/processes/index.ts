export { detectContainment, type Containment } from "./containment.js";
export type { ContainmentKind } from "./enclosure.js";
export { killMarked, type KillMarkedOptions } from "./marker.js";
export { isProcessAlive, processIdentity, type ProcessIdentity } from "./process-info.js";
export {
  openProcessTree,
  type ProcessTree,
  type ProcessTreeOptions,
  type StopOptions,
  type StopReport,
} from "./process-tree.js";
export { checkProgram, type CheckedProgram, type ProgramSpec } from "./program-spec.js";
export type { Ended, TreeProcess } from "./program.js";
export { findTool } from "./tools.js";
export { SpawnError, type SpawnErrorReason } from "./spawn-error.js";
