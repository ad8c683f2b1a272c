import { SuiteConfigError } from "./config/suite-config.js";
import { SelectionError } from "./select/select.js";

/** Whether the suite was called wrongly: the message then says what to write. */
export function isUsageFault(error: unknown): boolean {
  return error instanceof SelectionError || error instanceof SuiteConfigError;
}
