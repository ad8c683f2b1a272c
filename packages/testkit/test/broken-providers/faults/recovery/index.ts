import type { Fault } from "../../fault.js";
import {
  blindAfterRestart,
  foundAsPending,
  foundWithoutMetadata,
  keepsSessionsInMemory,
  neverAsksWhatBecame,
  stopsFoundInNameAlone,
} from "./outliving.js";
import {
  forgetsFilesElsewhere,
  forgetsPredecessorsFiles,
  forgetsPredecessorsPlugins,
  takesAllForDead,
} from "./predecessors.js";

export const recoveryFaults: readonly Fault[] = [
  forgetsPredecessorsFiles,
  forgetsPredecessorsPlugins,
  forgetsFilesElsewhere,
  takesAllForDead,
  keepsSessionsInMemory,
  foundWithoutMetadata,
  foundAsPending,
  neverAsksWhatBecame,
  blindAfterRestart,
  stopsFoundInNameAlone,
];
