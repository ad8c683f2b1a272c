import { isMainThread } from "node:worker_threads";

/** A worker's pipes close when the worker ends, and with them every tree that was opened in it. */
export function refuseInWorker(what: string): void {
  if (isMainThread) return;
  throw new Error(
    `${what} was called in a worker thread: what it starts would end with that thread. Call it in the main thread`,
  );
}
