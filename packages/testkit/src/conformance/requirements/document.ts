import { protocolVersion } from "@gestalt-runtime/sdk/protocol";
import { conditions } from "../check/conditions.js";
import { requirements, type Requirement } from "./index.js";

/** The version of {@link RequirementsDocument}'s shape. */
export const requirementsVersion = 1;

/** `requirements.json` of the package: the whole contract as data. */
export interface RequirementsDocument {
  readonly requirementsVersion: typeof requirementsVersion;
  readonly protocolVersion: number;
  /** What stands in a requirement's `when`. */
  readonly conditions: Readonly<Record<string, string>>;
  readonly requirements: readonly Requirement[];
}

export function requirementsDocument(): RequirementsDocument {
  return {
    requirementsVersion,
    protocolVersion,
    conditions: Object.fromEntries(Object.entries(conditions).map(([name, { applies }]) => [name, applies])),
    requirements,
  };
}
