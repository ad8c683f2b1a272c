import type { ErrorCode } from "../errors/status.js";

// The names of the semantic conventions 1.45.0, in which those for RPC are stable. Written down here: the package that
// holds them weighs more than all else that this module needs.
export const rpcSystemName = "rpc.system.name";
export const rpcMethod = "rpc.method";
export const rpcStatusCode = "rpc.status_code";
export const errorType = "error.type";
export const callDuration = "rpc.server.call.duration";

/** In seconds, as the conventions advise. */
export const durationBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The statuses that are the server's fault; the others tell the caller something. */
export const serverFaults: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "UNKNOWN",
  "DEADLINE_EXCEEDED",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
]);
