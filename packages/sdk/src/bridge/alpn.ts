import type { TLSSocket } from "node:tls";

/** What a client is told that negotiates no protocol: its log is where the fault is looked for. */
export const noAlpnReason =
  "this is a gRPC endpoint: negotiate ALPN h2 in the TLS handshake (DIAL-3); this connection negotiated no protocol";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const inadequateSecurity = 0xc;
/** How long a client has to say what it speaks, before it is answered all the same. */
const firstWordMs = 1_000;

/**
 * Refuses a TLS client that offered no ALPN at all. Its handshake can't be made to fail, since TLS has an alert only
 * for offers without a match; so it is told in what it speaks: HTTP/2 by a GOAWAY with the reason in it, anything
 * else by an HTTP/1.1 answer, which people can read too.
 */
export function refuseWithoutAlpn(socket: TLSSocket): void {
  let answered = false;
  const answer = (first: Buffer): void => {
    if (answered) return;
    answered = true;
    clearTimeout(timer);
    socket.end(isPreface(first) ? http2Refusal() : http1Refusal());
    // It may go on talking for a while, but nobody listens.
    socket.resume();
    timer = setTimeout(() => socket.destroy(), firstWordMs);
  };
  let timer = setTimeout(() => answer(Buffer.alloc(0)), firstWordMs);
  socket.once("data", answer);
  socket.once("end", () => answer(Buffer.alloc(0)));
  socket.once("close", () => clearTimeout(timer));
}

function isPreface(first: Buffer): boolean {
  return first.length >= 3 && preface.subarray(0, first.length).equals(first.subarray(0, preface.length));
}

function http2Refusal(): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt32BE(inadequateSecurity, 4);
  return Buffer.concat([
    frame(4, Buffer.alloc(0)),
    frame(7, Buffer.concat([body, Buffer.from(noAlpnReason)])),
  ]);
}

function frame(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  return Buffer.concat([head, body]);
}

function http1Refusal(): string {
  const body = `${noAlpnReason}\n`;
  return `HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}
