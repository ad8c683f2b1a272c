import { chmod } from "node:fs/promises";
import { createServer } from "node:net";
import { formatDialTarget } from "../dial-target/dial-target.js";
import type { Logger } from "../provider/logger.js";
import { SocketPath } from "../serve/socket-path.js";
import { Accepted, type Client } from "./accepted.js";
import { bind, bindTcp, socketOptions } from "./bind.js";
import type { BridgeListen, BridgeTcpListen, BridgeUnixListen } from "./options.js";
import type { RepeatedWarnings } from "./repeated-warnings.js";
import { openTls } from "./tls-listener.js";

export interface ListenerOptions {
  readonly maxConnections: number;
  readonly handshakeTimeoutMs: number;
  readonly certificateCheckMs: number;
  /** Takes each connection that is ready to be read: with TLS, after its handshake. */
  readonly onClient: (client: Client) => void;
  readonly warnings: RepeatedWarnings;
  readonly logger: Logger;
}

/** Something that accepts connections at a dial target. */
export interface Listener {
  readonly target: string;
  /** Stops accepting, and removes what was made for it. Connections live on. */
  stop(): void;
  cutOffConnections(): void;
}

/** @throws {@link RuntimeProviderError} FAILED_PRECONDITION where the address or a file can't be had */
export function openListener(listen: BridgeListen, options: ListenerOptions): Promise<Listener> {
  if (listen.type === "unix") return openUnix(listen, options);
  if (listen.type === "tcp") return openTcp(listen, options);
  return openTls(listen, options);
}

async function openUnix(listen: BridgeUnixListen, options: ListenerOptions): Promise<Listener> {
  const server = createServer(socketOptions, (socket) => options.onClient(accepted.client(socket)));
  const accepted = new Accepted(server, options.maxConnections, options.warnings);
  const path = new SocketPath(listen.path);
  await path.prepare();
  await bind(server, { path: path.listenPath }, listen.path);
  try {
    await chmod(path.listenPath, listen.mode ?? 0o600);
    await path.publish();
  } catch (error) {
    server.close();
    path.remove();
    throw error;
  }
  return {
    target: formatDialTarget({ type: "unix", path: listen.path }),
    stop: () => {
      path.remove();
      server.close();
    },
    cutOffConnections: () => accepted.cutOffAll(),
  };
}

async function openTcp(listen: BridgeTcpListen, options: ListenerOptions): Promise<Listener> {
  const server = createServer(socketOptions, (socket) => options.onClient(accepted.client(socket)));
  const accepted = new Accepted(server, options.maxConnections, options.warnings);
  const target = await bindTcp(server, listen);
  return { target, stop: () => void server.close(), cutOffConnections: () => accepted.cutOffAll() };
}
