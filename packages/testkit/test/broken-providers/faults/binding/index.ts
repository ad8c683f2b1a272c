import type { Fault } from "../../fault.js";
import { emptyBindingAnswer } from "./empty-answer.js";

export const bindingFaults: readonly Fault[] = [emptyBindingAnswer];
