import type { Fault } from "../../fault.js";

export const egressFaults: readonly Fault[] = [];
