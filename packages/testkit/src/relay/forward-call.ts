import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { connect as connectSocket } from "node:net";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { status } from "@grpc/grpc-js";
import { answerStatus, statusOf, trailersOf } from "./grpc-answer.js";
import { relayTokenHeader } from "./headers.js";

/** Connections to host services, one for each socket, kept while there are calls to make. */
export class ServiceConnections {
  readonly #sessions = new Map<string, ClientHttp2Session>();

  /** The connection to a service's Unix socket. */
  to(path: string): ClientHttp2Session {
    const known = this.#sessions.get(path);
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const session = connect("http://localhost", { createConnection: () => connectSocket(path) });
    // What a broken connection means is told by the calls that were on it.
    session.on("error", () => undefined);
    session.once("close", () => {
      if (this.#sessions.get(path) === session) this.#sessions.delete(path);
    });
    this.#sessions.set(path, session);
    return session;
  }

  /** Cuts all of them. */
  closeAll(): void {
    for (const session of this.#sessions.values()) session.destroy();
  }
}

/**
 * Passes a call on to its service as it is, whatever it holds, and the answer back. Resolves with the answer's
 * gRPC status when the call is over.
 */
export function forwardCall(
  call: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  service: ClientHttp2Session,
): Promise<number> {
  return new Promise((resolve) => {
    const outgoing = service.request(passedOn(headers), { endStream: false });
    let code: number = status.CANCELLED;
    const finish = (seen: number): void => {
      code = seen;
    };
    const broken = (error?: Error): void => {
      const text = `the host service could not be reached: ${error?.message ?? "it closed the call"}`;
      finish(answerStatus(call, new RuntimeProviderError("UNAVAILABLE", text)));
    };
    call.on("error", () => outgoing.close(constants.NGHTTP2_CANCEL));
    call.once("aborted", () => outgoing.close(constants.NGHTTP2_CANCEL));
    call.once("close", () => {
      outgoing.close(constants.NGHTTP2_CANCEL);
      resolve(code);
    });
    outgoing.once("error", broken);
    outgoing.once("response", (answer, flags) => pass(outgoing, call, { answer, flags, finish }));
    // Closed by the other side, and no answer came.
    outgoing.once("close", () => {
      if (!call.headersSent) broken();
      else if (!call.writableEnded) call.close(constants.NGHTTP2_INTERNAL_ERROR);
    });
    call.pipe(outgoing);
  });
}

interface Passing {
  readonly answer: IncomingHttpHeaders;
  readonly flags: number;
  readonly finish: (code: number) => void;
}

function pass(
  outgoing: ClientHttp2Stream,
  call: ServerHttp2Stream,
  { answer, flags, finish }: Passing,
): void {
  if (call.destroyed || call.closed) return;
  if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
    finish(statusOf(answer));
    call.respond({ ...answer }, { endStream: true });
    outgoing.resume();
    return;
  }
  let trailers: OutgoingHttpHeaders = {};
  outgoing.once("trailers", (found: IncomingHttpHeaders) => {
    trailers = trailersOf(found);
    finish(statusOf(found));
  });
  call.once("wantTrailers", () => {
    if (!call.destroyed) call.sendTrailers(trailers);
  });
  call.respond({ ...answer }, { waitForTrailers: true });
  outgoing.pipe(call);
}

/** The call's own headers, without what is between the client and this listener. */
function passedOn(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers))
    if (name !== relayTokenHeader && value !== undefined) kept[name] = value;
  return { ...kept, ":scheme": "http", ":authority": "localhost" };
}
