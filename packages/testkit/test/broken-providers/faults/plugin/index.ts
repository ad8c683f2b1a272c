import type { Fault } from "../../fault.js";
import { targetNobodyListensAt } from "./target-nobody-listens-at.js";

export const pluginFaults: readonly Fault[] = [targetNobodyListensAt];
