import { bindingRequirements } from "./binding.js";
import { dialRequirements } from "./dial.js";
import { egressRequirements } from "./egress.js";
import { lifecycleRequirements } from "./lifecycle.js";
import { logsRequirements } from "./logs.js";
import { pluginRequirements } from "./plugin.js";
import { processRequirements } from "./process.js";
import { recoveryRequirements } from "./recovery.js";
import type { Requirement } from "./requirement.js";
import { sessionRequirements } from "./session.js";
import { supportRequirements } from "./support.js";
import { workspaceRequirements } from "./workspace.js";

export { areas, type Area, type Level, type Requirement } from "./requirement.js";

/** Every requirement of the contract, in its order. */
export const requirements: readonly Requirement[] = [
  ...processRequirements,
  ...lifecycleRequirements,
  ...supportRequirements,
  ...sessionRequirements,
  ...bindingRequirements,
  ...pluginRequirements,
  ...dialRequirements,
  ...egressRequirements,
  ...logsRequirements,
  ...recoveryRequirements,
  ...workspaceRequirements,
];

const byId = new Map(requirements.map((requirement) => [requirement.id, requirement]));

/** @throws Error for an id that the contract does not have: a fault of the check that names it */
export function requirement(id: string): Requirement {
  const found = byId.get(id);
  if (found === undefined) throw new Error(`there is no requirement ${id}`);
  return found;
}

export function isRequirement(id: string): boolean {
  return byId.has(id);
}
