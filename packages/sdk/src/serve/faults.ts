import type { Logger } from "../provider/logger.js";
import { currentMethod } from "../services/current-method.js";

/**
 * Reports faults that the author's code let fall: an unhandled rejection is reported with the call that it
 * belongs to; an uncaught exception ends the provider too.
 */
export function watchFaults(logger: Logger, onUncaught: () => void): void {
  process.on("unhandledRejection", (error: unknown) => {
    logger.error({ error }, `a promise was rejected and nobody handled it${belongingTo()}`);
  });
  process.on("uncaughtException", (error: unknown) => {
    onUncaught();
    logger.error({ error }, `an exception was not caught${belongingTo()}; the provider ends`);
  });
}

function belongingTo(): string {
  const method = currentMethod.getStore();
  return method === undefined ? "" : ` (in ${method})`;
}
