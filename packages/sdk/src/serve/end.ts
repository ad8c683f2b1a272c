import type { Logger } from "../provider/logger.js";
import { watchFaults } from "./faults.js";
import { watchParent } from "./parent-watch.js";

/** Says once that the provider is to end, and remembers how. */
export class EndSignal {
  began = false;
  /** With the host gone nobody waits for calls in flight, and time is short (PROC-7). */
  hostIsGone = false;
  exitCode: 0 | 1 = 0;
  #resolve: () => void = () => undefined;
  readonly promise = new Promise<void>((resolve) => {
    this.#resolve = resolve;
  });

  begin(): void {
    this.began = true;
    this.#resolve();
  }
}

/** Ends with the process's own signals, its parent's death, or a fault. Only for a process that is the provider's. */
export function watchProcess(logger: Logger, end: EndSignal): void {
  // With nobody left to read them, lost lines are no reason to end (PROC-5).
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
  // SIGHUP comes where the host's terminal goes away: without a handler nothing would be closed.
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, () => end.begin());
  watchFaults(logger, () => {
    end.exitCode = 1;
    end.begin();
  });
  watchParent(process.env.GESTALT_PLUGIN_PARENT_PID, (reason) => {
    logger.warn({}, `the provider ends: ${reason}`);
    end.hostIsGone = true;
    end.begin();
  });
}

/** Ends with a signal of the embedding program. */
export function watchSignal(signal: AbortSignal, end: EndSignal): () => void {
  const abort = (): void => end.begin();
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return () => signal.removeEventListener("abort", abort);
}

/** Ends the process when stderr has been read, or after a moment: the last words matter most. */
export async function exitProcess(end: EndSignal): Promise<never> {
  const deadline = Date.now() + 150;
  while (process.stderr.writableLength > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5));
  process.exit(end.exitCode);
}
