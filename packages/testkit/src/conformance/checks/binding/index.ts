import type { Check } from "../../check/check.js";
import { answersBinding } from "./answers-binding.js";

/** In the order in which they run. */
export const bindingChecks: readonly Check[] = [answersBinding];
