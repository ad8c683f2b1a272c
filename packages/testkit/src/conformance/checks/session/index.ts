import type { Check } from "../../check/check.js";
import { cancelledStartLeavesNone } from "./cancelled-start.js";
import { expiresByItself, timesInOrder } from "./expires.js";
import { failureInLog } from "./failure-in-log.js";
import { sessionGetsReady } from "./gets-ready.js";
import { impossibleImageFails, namesMissingHint } from "./hints.js";
import { keepsMetadata, keepsMetadataOnceRunning } from "./keeps-metadata.js";
import { listsSessions } from "./list.js";
import { answersId, idsNeverComeBack } from "./own-ids.js";
import { endsLeftoversUnasked, showsPluginsEnd } from "./plugin-ends.js";
import { answersQuickly, answersWhileBusy } from "./quick-answers.js";
import { stopAnywhere, stopWins } from "./stop-during-start.js";
import { stopEndsAll, stopEndsHanging } from "./stop-ends-all.js";
import { stopFreesDescriptors, stopFreesFiles } from "./stop-frees.js";
import { repeatedStop, unknownStop } from "./stop-idempotent.js";
import { sessionStops } from "./stops.js";
import { refusesEmptyId, refusesUnknown } from "./unknown-session.js";

/** In the order in which they run. */
export const sessionChecks: readonly Check[] = [
  sessionGetsReady,
  sessionStops,
  answersId,
  idsNeverComeBack,
  keepsMetadata,
  keepsMetadataOnceRunning,
  namesMissingHint,
  impossibleImageFails,
  cancelledStartLeavesNone,
  refusesUnknown,
  refusesEmptyId,
  answersQuickly,
  answersWhileBusy,
  listsSessions,
  timesInOrder,
  expiresByItself,
  showsPluginsEnd,
  endsLeftoversUnasked,
  failureInLog,
  repeatedStop,
  unknownStop,
  stopEndsAll,
  stopEndsHanging,
  stopWins,
  stopAnywhere,
  stopFreesFiles,
  stopFreesDescriptors,
];
