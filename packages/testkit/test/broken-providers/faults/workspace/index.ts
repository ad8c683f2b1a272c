import type { Fault } from "../../fault.js";

export const workspaceFaults: readonly Fault[] = [];
