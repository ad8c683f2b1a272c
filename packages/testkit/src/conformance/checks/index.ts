import type { Check, CheckArea } from "../check/check.js";
import { bindingChecks } from "./binding/index.js";
import { dialChecks } from "./dial/index.js";
import { egressChecks } from "./egress/index.js";
import { lifecycleChecks } from "./lifecycle/index.js";
import { logsChecks } from "./logs/index.js";
import { pluginChecks } from "./plugin/index.js";
import { processChecks } from "./process/index.js";
import { recoveryChecks } from "./recovery/index.js";
import { sessionChecks } from "./session/index.js";
import { supportChecks } from "./support/index.js";
import { workspaceChecks } from "./workspace/index.js";

/** Every area with its checks, in the order in which they run: what others rely on comes first. */
export const checkAreas: readonly CheckArea[] = [
  { area: "process", checks: processChecks },
  { area: "lifecycle", checks: lifecycleChecks },
  { area: "support", checks: supportChecks },
  { area: "session", checks: sessionChecks },
  { area: "binding", checks: bindingChecks },
  { area: "plugin", checks: pluginChecks },
  { area: "dial", checks: dialChecks },
  { area: "egress", checks: egressChecks },
  { area: "logs", checks: logsChecks },
  { area: "recovery", checks: recoveryChecks },
  { area: "workspace", checks: workspaceChecks },
];

/** Every check of the suite, in the order in which they run. */
export const allChecks: readonly Check[] = checkAreas.flatMap(({ checks }) => checks);
