import type { Fault } from "../../fault.js";
import { changesItsMind } from "./changes-its-mind.js";
import {
  claimsHostname,
  putsServicesBelowFolder,
  startPluginMissing,
  supportLeftEmpty,
  tellsWhatIsFree,
  unknownAccess,
} from "./claims.js";

export const supportFaults: readonly Fault[] = [
  changesItsMind,
  tellsWhatIsFree,
  unknownAccess,
  startPluginMissing,
  supportLeftEmpty,
  putsServicesBelowFolder,
  claimsHostname,
];
