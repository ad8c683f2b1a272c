import type { Fault } from "../../fault.js";
import { accessibleUnconfigured } from "./accessible-unconfigured.js";
import { healthCheckThrows } from "./health-check-throws.js";
import { refusesConfig } from "./refuses-config.js";
import {
  refusesBeforeStartProvider,
  startProviderFails,
  startProviderVersionLeftOut,
  waitsForStartProvider,
} from "./start-provider.js";
import { takesAnyVersion } from "./takes-any-version.js";
import { versionLeftOut } from "./version-left-out.js";
import { wrongKind } from "./wrong-kind.js";
import { wrongKindOnceConfigured } from "./wrong-kind-once-configured.js";
import { newerProtocolOnly } from "./newer-protocol-only.js";

export const lifecycleFaults: readonly Fault[] = [
  refusesConfig,
  wrongKind,
  wrongKindOnceConfigured,
  newerProtocolOnly,
  versionLeftOut,
  takesAnyVersion,
  healthCheckThrows,
  startProviderVersionLeftOut,
  startProviderFails,
  waitsForStartProvider,
  refusesBeforeStartProvider,
  accessibleUnconfigured,
];
