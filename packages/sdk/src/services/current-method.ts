import { AsyncLocalStorage } from "node:async_hooks";

/**
 * The RPC to which the running code belongs, so that a fault of it can be told apart. Only its name: what the
 * author's code leaves running would keep the whole call in memory, secrets of its request included.
 */
export const currentMethod = new AsyncLocalStorage<string>();
