import type { Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { cutOff } from "./cut-off.js";
import type { RepeatedWarnings } from "./repeated-warnings.js";

/** A connection that the host has made. */
export interface Client {
  readonly stream: Duplex;
  /** Ends it so that the host can tell that from an orderly end, where the transport allows that. */
  readonly cutOff: () => void;
}

/** The connections that a server has accepted: bounded, without harm to the process, and known until they close. */
export class Accepted {
  readonly #sockets = new Map<string, Socket>();
  #number = 0;

  constructor(server: Server, maxConnections: number, warnings: RepeatedWarnings) {
    server.maxConnections = maxConnections;
    server.on("connection", (socket: Socket) => {
      const key = peerOf(socket) ?? String((this.#number += 1));
      this.#sockets.set(key, socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        // The same peer may be back already.
        if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
      });
    });
    server.on("drop", () =>
      warnings.warn(
        "limit",
        { maxConnections },
        "the bridge closed a connection unanswered: it has as many as maxConnections allows",
      ),
    );
    server.on("error", (error) => {
      // One that can't even listen is told to whoever wants it to.
      if (server.listening)
        warnings.warn("listener", { reason: error.message }, "the bridge's listener has a fault");
    });
  }

  /** The client behind a socket that is read and written, which may be TLS over the accepted one. */
  client(stream: Socket): Client {
    const accepted = this.#sockets.get(peerOf(stream) ?? "");
    return {
      stream,
      cutOff: () => {
        // TLS can't be reset, what is below it can.
        cutOff(accepted ?? stream);
        stream.destroy();
      },
    };
  }

  /** TLS handshakes under way included. */
  cutOffAll(): void {
    for (const socket of this.#sockets.values()) cutOff(socket);
  }
}

/** A TCP peer's address and port; Unix sockets have none. */
export function peerOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined || remotePort === undefined
    ? undefined
    : `${remoteAddress}:${remotePort}`;
}
