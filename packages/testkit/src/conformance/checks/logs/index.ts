import type { Check } from "../../check/check.js";

/** In the order in which they run. */
export const logsChecks: readonly Check[] = [];
