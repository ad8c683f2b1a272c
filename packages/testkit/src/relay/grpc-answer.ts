import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { status } from "@grpc/grpc-js";

/** Ends a call with a status and no message, as gRPC wants it; the status that was told. */
export function answerStatus(call: ServerHttp2Stream, error: RuntimeProviderError): number {
  if (call.destroyed || call.closed) return status.CANCELLED;
  if (call.headersSent) {
    call.close();
    return error.status;
  }
  call.respond(
    {
      ":status": 200,
      "content-type": "application/grpc",
      "grpc-status": String(error.status),
      // Percent-encoded: what is beyond ASCII has no place in a header.
      "grpc-message": encodeURIComponent(error.message).replaceAll("%20", " "),
    },
    { endStream: true },
  );
  // What the client still sends is for nobody.
  call.resume();
  return error.status;
}

/** The gRPC status in an answer's headers or trailers. */
export function statusOf(headers: IncomingHttpHeaders): number {
  const text = headers["grpc-status"];
  return typeof text === "string" && /^\d+$/.test(text) ? Number(text) : status.UNKNOWN;
}

/** Trailers as they are sent on. */
export function trailersOf(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(":")));
}
