import type { Fault } from "../../fault.js";

export const recoveryFaults: readonly Fault[] = [];
