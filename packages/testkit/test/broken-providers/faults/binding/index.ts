import type { Fault } from "../../fault.js";
import { emptyBindingAnswer } from "./empty-answer.js";
import * as sees from "./plugin-sees.js";
import * as refusals from "./refusals.js";

export const bindingFaults: readonly Fault[] = [
  emptyBindingAnswer,
  ...Object.values(refusals),
  ...Object.values(sees),
];
