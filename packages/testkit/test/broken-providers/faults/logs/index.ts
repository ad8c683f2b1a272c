import type { Fault } from "../../fault.js";

export const logsFaults: readonly Fault[] = [];
