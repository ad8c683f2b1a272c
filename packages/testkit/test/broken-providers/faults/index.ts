import type { Area } from "../../../src/conformance/requirements/index.js";
import type { Fault } from "../fault.js";
import { bindingFaults } from "./binding/index.js";
import { dialFaults } from "./dial/index.js";
import { egressFaults } from "./egress/index.js";
import { lifecycleFaults } from "./lifecycle/index.js";
import { logsFaults } from "./logs/index.js";
import { pluginFaults } from "./plugin/index.js";
import { processFaults } from "./process/index.js";
import { recoveryFaults } from "./recovery/index.js";
import { sessionFaults } from "./session/index.js";
import { supportFaults } from "./support/index.js";
import { workspaceFaults } from "./workspace/index.js";

/** Every fault, by the area whose checks it is for. */
export const faults: Readonly<Record<Area, readonly Fault[]>> = {
  process: processFaults,
  lifecycle: lifecycleFaults,
  support: supportFaults,
  session: sessionFaults,
  binding: bindingFaults,
  plugin: pluginFaults,
  dial: dialFaults,
  egress: egressFaults,
  logs: logsFaults,
  recovery: recoveryFaults,
  workspace: workspaceFaults,
};
