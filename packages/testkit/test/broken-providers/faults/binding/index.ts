import type { Fault } from "../../fault.js";
import * as answers from "./answers.js";
import * as sees from "./plugin-sees.js";
import * as refusals from "./refusals.js";

export const bindingFaults: readonly Fault[] = [answers, refusals, sees].flatMap((all) => Object.values(all));
