import type { Fault } from "../../fault.js";
import * as bridges from "./bridges.js";
import * as targets from "./targets.js";

export const dialFaults: readonly Fault[] = [...Object.values(targets), ...Object.values(bridges)];
