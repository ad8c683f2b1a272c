import type { Fault } from "../../fault.js";
import * as networks from "./networks.js";
import * as policies from "./policies.js";

export const egressFaults: readonly Fault[] = [networks, policies].flatMap((all) => Object.values(all));
