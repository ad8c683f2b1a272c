import { AsyncLocalStorage } from "node:async_hooks";

/**
 * The RPC to which the running code belongs, so that a fault of it can be told apart. Only its name: what the
 * author's code leaves running would keep the whole call in memory, secrets of its request included.
 */
export const currentMethod = new AsyncLocalStorage<string>();

/** How long after the last tracked call its leftovers are still told apart. */
const idleMs = 1_000;
let inFlight = 0;
let idle: NodeJS.Timeout | undefined;

/**
 * Runs a call so that {@link currentMethod} knows it; {@link endTracked} is to be called when it has settled.
 *
 * Following calls makes everything that Node.js does asynchronously slower, by a tenth of the calls per second
 * on the hot path. So it is on only while a call is in flight that may take long, and a moment after.
 */
export function runTracked<I, C, O>(
  name: string,
  method: (request: I, call: C) => O,
  request: I,
  call: C,
): O {
  inFlight += 1;
  return currentMethod.run(name, method, request, call);
}

export function endTracked(): void {
  inFlight -= 1;
  if (idle === undefined) idle = setTimeout(stopTracking, idleMs).unref();
  else idle.refresh();
}

function stopTracking(): void {
  if (inFlight === 0) currentMethod.disable();
}
