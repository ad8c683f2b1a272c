import type { Check } from "../../check/check.js";
import { handshakeCompletes } from "./handshake.js";
import { identityAfterConfiguration, identityBeforeConfiguration } from "./identity.js";
import { answersVersion3, refusesOtherVersions } from "./protocol-version.js";
import { healthCheckAnswers } from "./health-check.js";
import { startProviderAnswersVersion3, worksWithoutStartProvider } from "./start-provider.js";
import { runtimeCallsRefusedBeforeConfiguration } from "./unconfigured.js";

/** In the order in which they run. */
export const lifecycleChecks: readonly Check[] = [
  handshakeCompletes,
  identityBeforeConfiguration,
  identityAfterConfiguration,
  answersVersion3,
  refusesOtherVersions,
  healthCheckAnswers,
  startProviderAnswersVersion3,
  worksWithoutStartProvider,
  runtimeCallsRefusedBeforeConfiguration,
];
