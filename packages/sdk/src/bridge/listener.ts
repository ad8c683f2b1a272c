import { chmod } from "node:fs/promises";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from "node:tls";
import { formatDialTarget, parseHostDialTarget } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { Logger } from "../provider/logger.js";
import { SocketPath } from "../serve/socket-path.js";
import { noAlpnReason, refuseWithoutAlpn } from "./alpn.js";
import { CertificateRenewal } from "./certificate-renewal.js";
import { checkIdentity, readIdentityFiles } from "./certificate.js";
import { tcpAddress, targetOf } from "./listen-address.js";
import type { BridgeListen, BridgeTcpListen, BridgeTlsListen, BridgeUnixListen } from "./options.js";
import type { RepeatedWarnings } from "./repeated-warnings.js";

export interface ListenerOptions {
  readonly listen: BridgeListen;
  readonly maxConnections: number;
  readonly handshakeTimeoutMs: number;
  readonly certificateCheckMs: number;
  /** Takes each connection that is ready to be read: with TLS, after its handshake. */
  readonly onConnection: (socket: Socket) => void;
  readonly warnings: RepeatedWarnings;
  readonly logger: Logger;
}

/** Something that accepts connections at a dial target. */
export interface Listener {
  readonly target: string;
  /** Stops accepting, and removes what was made for it. Connections live on. */
  stop(): void;
  /** Destroys what is connected, TLS handshakes under way included. */
  destroyConnections(): void;
}

/** A TCP peer that vanished without a word is noticed after about this time and the system's own retries. */
const keepAliveInitialDelay = 30_000;
const socketOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay };

/** @throws {@link RuntimeProviderError} FAILED_PRECONDITION where the address or a file can't be had */
export function openListener(options: ListenerOptions): Promise<Listener> {
  const { listen } = options;
  if (listen.type === "unix") return openUnix(listen, options);
  if (listen.type === "tcp") return openTcp(listen, options);
  return openTls(listen, options);
}

async function openUnix(listen: BridgeUnixListen, options: ListenerOptions): Promise<Listener> {
  const server = createServer(socketOptions, options.onConnection);
  const path = new SocketPath(listen.path);
  await path.prepare();
  const destroyConnections = follow(server, options);
  await bind(server, { path: path.listenPath }, listen.path);
  try {
    await chmod(path.listenPath, listen.mode ?? 0o600);
    await path.publish();
  } catch (error) {
    path.remove();
    server.close();
    throw error;
  }
  const stop = (): void => {
    path.remove();
    server.close();
  };
  return { target: formatDialTarget({ type: "unix", path: listen.path }), stop, destroyConnections };
}

async function openTcp(listen: BridgeTcpListen, options: ListenerOptions): Promise<Listener> {
  const server = createServer(socketOptions, options.onConnection);
  const destroyConnections = follow(server, options);
  const target = await bindTcp(server, listen);
  return { target, stop: () => void server.close(), destroyConnections };
}

async function openTls(listen: BridgeTlsListen, options: ListenerOptions): Promise<Listener> {
  const { logger, warnings } = options;
  const { advertisedHost } = tcpAddress(listen);
  const { certificateFile, keyFile } = listen;
  const files = { certificateFile, keyFile };
  const current = checkIdentity(await readIdentityFiles(files), files, advertisedHost);
  if (current.doubt !== undefined)
    logger.warn({ ...files, doubt: current.doubt }, "the host may refuse the bridge's certificate");
  const { cert, key } = current;
  const server = createTlsServer({
    ...socketOptions,
    cert,
    key,
    minVersion: "TLSv1.2",
    ALPNProtocols: ["h2"],
    handshakeTimeout: options.handshakeTimeoutMs,
  });
  server.on("secureConnection", (socket) => {
    socket.on("error", () => undefined);
    if (socket.alpnProtocol === "h2") options.onConnection(socket);
    else {
      warnings.warn("alpn", peerOf(socket), `a TLS client was refused: ${noAlpnReason}`);
      refuseWithoutAlpn(socket);
    }
  });
  reportHandshakes(server, warnings);
  const destroyConnections = follow(server, options);
  const target = await bindTcp(server, listen);
  const renewal = new CertificateRenewal({
    files,
    host: advertisedHost,
    current,
    checkMs: options.certificateCheckMs,
    renew: (next) => server.setSecureContext({ cert: next.cert, key: next.key, minVersion: "TLSv1.2" }),
    logger,
  });
  const stop = (): void => {
    renewal.close();
    server.close();
  };
  return { target, stop, destroyConnections };
}

function reportHandshakes(server: TlsServer, warnings: RepeatedWarnings): void {
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    const code = error.code ?? error.message;
    // Load balancers and probes connect and leave; that is no fault.
    if (code === "ECONNRESET") return;
    const reason =
      code === "ERR_SSL_NO_APPLICATION_PROTOCOL"
        ? "it offered ALPN without h2, which gRPC needs (DIAL-3); it got the alert no_application_protocol"
        : `${code}: ${error.message}`;
    warnings.warn(code, { ...peerOf(socket), reason }, "a TLS handshake failed");
  });
}

/** Bounds a server's connections, keeps its faults from ending the process, and knows what is connected. */
function follow(server: Server, { maxConnections, warnings, listen }: ListenerOptions): () => void {
  const sockets = new Set<Socket>();
  server.maxConnections = maxConnections;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("drop", () =>
    warnings.warn(
      "limit",
      { listen: listen.type, maxConnections },
      "the bridge closed a connection unanswered: it has as many as maxConnections allows",
    ),
  );
  server.on("error", (error) => warnings.warn("listener", { error }, "the bridge's listener has a fault"));
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

async function bindTcp(server: Server, listen: BridgeTcpListen | BridgeTlsListen): Promise<string> {
  const { host, port, advertisedHost } = tcpAddress(listen);
  await bind(server, { host, port }, targetOf(listen.type, host, port));
  const target = targetOf(listen.type, advertisedHost, (server.address() as AddressInfo).port);
  parseHostDialTarget(target, "bridge.target");
  return target;
}

function bind(
  server: Server,
  address: { path: string } | { host: string; port: number },
  place: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => {
      const mend =
        cause.code === "EADDRINUSE"
          ? "it is taken; give port 0 for any free one, or another"
          : cause.code === "EACCES"
            ? "this user may not listen there; give a place where it may"
            : "give an address of this machine, or a folder that exists";
      const code = cause.code ?? cause.message;
      reject(
        new RuntimeProviderError("FAILED_PRECONDITION", `can't listen on ${place} (${code}): ${mend}`, {
          cause,
        }),
      );
    };
    server.once("error", failed);
    server.listen(address, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

function peerOf(socket: Socket): object {
  return { peer: `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? "?"}` };
}
