import type { Check } from "../../check/check.js";
import { supportAnswers } from "./answers.js";

/** In the order in which they run. */
export const supportChecks: readonly Check[] = [supportAnswers];
