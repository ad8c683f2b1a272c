import type { Logger } from "../provider/logger.js";
import { currentCall } from "../services/call.js";

/**
 * Reports faults that the author's code let fall: an unhandled rejection is reported with the call that it
 * belongs to; an uncaught exception ends the provider too.
 *
 * @returns takes the handlers away again
 */
export function watchFaults(logger: Logger, onUncaught: () => void): () => void {
  const rejection = (error: unknown): void => {
    logger.error({ error }, `a promise was rejected and nobody handled it${belongingTo()}`);
  };
  const exception = (error: unknown): void => {
    logger.error({ error }, `an exception was not caught${belongingTo()}; the provider ends`);
    onUncaught();
  };
  process.on("unhandledRejection", rejection);
  process.on("uncaughtException", exception);
  return () => {
    process.off("unhandledRejection", rejection);
    process.off("uncaughtException", exception);
  };
}

function belongingTo(): string {
  const call = currentCall.getStore();
  return call === undefined ? "" : ` (in ${call.method})`;
}
