import type { Fault } from "../../fault.js";
import * as lines from "./lines.js";
import * as pushing from "./pushing.js";
import * as records from "./records.js";

export const logsFaults: readonly Fault[] = [lines, pushing, records].flatMap((all) => Object.values(all));
