import type { Check } from "../../check/check.js";
import { pluginServes } from "./serves.js";

/** In the order in which they run. */
export const pluginChecks: readonly Check[] = [pluginServes];
