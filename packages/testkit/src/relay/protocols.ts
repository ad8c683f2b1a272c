import { createServer as createHttp2, type Http2Server } from "node:http2";
import { createServer as createHttp1, type Server as Http1Server } from "node:http";
import { createServer as createTcp, type Server, type Socket } from "node:net";
import { createServer as createTls } from "node:tls";

const preface = "PRI * HTTP/2.0";

/** A certificate chain and its private key, both PEM. */
export interface TlsPair {
  /** The chain, the server's own first. */
  readonly cert: string;
  /** Secret. */
  readonly key: string;
}

/** One listener for HTTP/1.1 and for HTTP/2 with prior knowledge, in plaintext or behind TLS. */
export interface BothProtocols {
  readonly server: Server;
  readonly http1: Http1Server;
  readonly http2: Http2Server;
  /** Every connection that is open. */
  readonly sockets: ReadonlySet<Socket>;
}

/** Makes the servers; what comes in is told apart by its first bytes, behind TLS as well. */
export function bothProtocols(
  tls: TlsPair | undefined,
  limits: { readonly concurrentStreams: number; readonly headersTimeoutMs: number },
): BothProtocols {
  const http1 = createHttp1({ allowHalfOpen: true } as object);
  const http2 = createHttp2({ settings: { maxConcurrentStreams: limits.concurrentStreams } });
  // A session that breaks ends its streams, which is where it is noticed.
  http2.on("sessionError", () => undefined);
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    const silent = setTimeout(() => socket.destroy(), limits.headersTimeoutMs);
    socket.on("error", () => undefined);
    socket.once("close", () => clearTimeout(silent));
    void firstBytes(socket).then((isHttp2) => {
      clearTimeout(silent);
      if (isHttp2 === undefined) socket.destroy();
      else (isHttp2 ? http2 : http1).emit("connection", socket);
    });
  };
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  };
  const server =
    tls === undefined
      ? createTcp({ allowHalfOpen: true, noDelay: true }, accept)
      : createTls(
          {
            cert: tls.cert,
            key: tls.key,
            minVersion: "TLSv1.2",
            ALPNProtocols: ["h2", "http/1.1"],
            allowHalfOpen: true,
            noDelay: true,
          },
          accept,
        );
  server.on("connection", track);
  return { server, http1, http2, sockets };
}

/** Whether HTTP/2 is spoken; undefined where the connection ends before that is clear. Takes nothing from it. */
async function firstBytes(socket: Socket): Promise<boolean | undefined> {
  let seen = Buffer.alloc(0);
  try {
    for (;;) {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) {
        if (socket.readableEnded || socket.destroyed) return undefined;
        await new Promise<void>((resolve) => {
          const on = (): void => {
            for (const event of events) socket.off(event, on);
            resolve();
          };
          const events = ["readable", "end", "close"] as const;
          for (const event of events) socket.on(event, on);
        });
        continue;
      }
      seen = Buffer.concat([seen, chunk]);
      const start = seen.subarray(0, preface.length).toString("latin1");
      if (start.length < preface.length && preface.startsWith(start)) continue;
      return start === preface;
    }
  } finally {
    if (seen.length > 0 && !socket.destroyed) socket.unshift(seen);
  }
}
