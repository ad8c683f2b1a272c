import { Refusal } from "./refusal.js";

/** Why Node.js could not read a request; undefined where the connection broke and nobody waits for an answer. */
export function unreadReason(error: NodeJS.ErrnoException): Refusal | undefined {
  const { code = "" } = error;
  if (code === "HPE_HEADER_OVERFLOW")
    return new Refusal("malformed", "the request's headers are longer than maxHeaderBytes", { status: 431 });
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return new Refusal("malformed", "the request's headers did not come in time", { status: 408 });
  // A client may leave in the middle of a request.
  if (code === "HPE_INVALID_EOF_STATE" || !code.startsWith("HPE_")) return undefined;
  return new Refusal("malformed", `the request is no HTTP/1.1 (${code.slice("HPE_".length)})`, {
    cause: error,
  });
}
