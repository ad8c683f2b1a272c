import { connect as connectHttp2, constants, type ClientHttp2Session } from "node:http2";
import { connect, type Socket } from "node:net";

/** A call as its bytes: what no gRPC client would send. */
export interface RawCall {
  /** `/<service>/<method>`. */
  readonly path: string;
  /** The request's body, gRPC's prefixes included. */
  readonly body: Buffer;
}

/** What came back. */
export type RawAnswer =
  | { readonly kind: "status"; readonly status: number; readonly message: string }
  /** The stream or the connection ended without a status. */
  | { readonly kind: "cut"; readonly how: string };

/** gRPC's prefix of a message: a flag for compression and a length, which need not be true. */
export function framed(message: Buffer, lie: { compressed?: boolean; length?: number } = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(lie.compressed === true ? 1 : 0);
  prefix.writeUInt32BE(lie.length ?? message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Makes one call on a connection of its own; rejects only when `signal` aborts. */
export function rawCall(
  socketPath: string,
  { path, body }: RawCall,
  { withinMs, signal }: { readonly withinMs: number; readonly signal: AbortSignal },
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2("http://localhost", { createConnection: () => connect(socketPath) });
    const abort = (): void => {
      clearTimeout(timer);
      session.destroy();
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => end({ kind: "cut", how: `nothing came within ${withinMs} ms` }), withinMs);
    const end = (answer: RawAnswer): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      session.destroy();
      resolve(answer);
    };
    signal.addEventListener("abort", abort, { once: true });
    session.on("error", (error: Error) => end({ kind: "cut", how: error.message }));
    session.on("close", () => end({ kind: "cut", how: "the connection was closed" }));
    send(session, path, body, end);
  });
}

function send(
  session: ClientHttp2Session,
  path: string,
  body: Buffer,
  end: (answer: RawAnswer) => void,
): void {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    ":authority": "localhost",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const take = (headers: Record<string, string | string[] | undefined>): void => {
    const { "grpc-status": status, "grpc-message": message = "" } = headers;
    if (status !== undefined) end({ kind: "status", status: Number(status), message: String(message) });
  };
  stream.on("response", take);
  stream.on("trailers", take);
  stream.on("error", (error: Error) => end({ kind: "cut", how: error.message }));
  stream.on("close", () => {
    const { rstCode } = stream;
    const how =
      rstCode === constants.NGHTTP2_NO_ERROR ? "closed without a status" : `reset with code ${rstCode}`;
    end({ kind: "cut", how: `the stream was ${how}` });
  });
  stream.resume();
  stream.end(body);
}

/** Sends bytes on a connection of its own and lets go of it when the other side does, or after `lingerMs`. */
export function rawBytes(socketPath: string, bytes: Buffer, lingerMs: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => socket.write(bytes));
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.resume();
  });
}
