import { setTimeout as delay } from "node:timers/promises";
import type { Server } from "@grpc/grpc-js";
import type { Logger } from "../provider/logger.js";
import type { CallRegister } from "../services/call-register.js";
import { stopAccepting } from "./server.js";

/** What the last answers get to leave, where a peer keeps its connection open all the same. */
const flushMs = 100;

/**
 * Takes no more calls and lets those in flight end, for `timeoutMs` at most: their answers leave, and what they
 * clean up after a cancellation is done (SESS-13). Then all are cut off, and named in the log.
 */
export async function drain(
  server: Server,
  calls: CallRegister,
  logger: Logger,
  timeoutMs: number,
): Promise<void> {
  const timer = new AbortController();
  const time = { isUp: false };
  const late = delay(timeoutMs, undefined, { signal: timer.signal }).then(
    () => (time.isUp = true),
    () => undefined,
  );
  const peersAreGone = stopAccepting(server);
  do {
    await Promise.race([calls.settled(), late]);
    await Promise.race([peersAreGone, late, delay(flushMs, undefined, { signal: timer.signal })]);
    // A call whose request was on its way may have begun meanwhile.
  } while (calls.size > 0 && !time.isUp);
  timer.abort();
  if (calls.size > 0)
    logger.warn(
      {},
      `calls did not end within ${timeoutMs} ms and are cut off: ${calls.describe().join(", ")}`,
    );
  calls.cutOff();
  server.forceShutdown();
}
