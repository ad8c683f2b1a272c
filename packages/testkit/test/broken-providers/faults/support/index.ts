import type { Fault } from "../../fault.js";
import { changesItsMind } from "./changes-its-mind.js";

export const supportFaults: readonly Fault[] = [changesItsMind];
