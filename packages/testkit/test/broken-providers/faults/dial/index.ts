import type { Fault } from "../../fault.js";

export const dialFaults: readonly Fault[] = [];
