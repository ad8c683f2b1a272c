import type { Socket } from "node:net";

/** Requests that a client may send ahead of the answers; few clients send any. */
const maxAhead = 16;

/** The connections of a proxy's clients, and whose turn it is on each. */
export class Clients {
  readonly #sockets = new Map<Socket, { ahead: number; last: Promise<void> }>();

  get count(): number {
    return this.#sockets.size;
  }

  add(socket: Socket): void {
    this.#sockets.set(socket, { ahead: 0, last: Promise.resolve() });
    // Whoever reads or writes learns of an error from the end.
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /** Whether a request of this connection has no answer yet. */
  isBusy(socket: Socket): boolean {
    return (this.#sockets.get(socket)?.ahead ?? 0) > 0;
  }

  /**
   * Runs what serves a request once those before it on the same connection are served: their order is that of the
   * answers, and a client can't make many at once out of one connection.
   *
   * @returns false, and it is never run, where too many wait already
   */
  inTurn(socket: Socket, serve: () => Promise<void>): boolean {
    const client = this.#sockets.get(socket);
    if (client === undefined || client.ahead >= maxAhead) return false;
    client.ahead += 1;
    client.last = client.last
      // After an answer that closes the connection, what was read behind the request is nothing.
      .then(() => (socket.writable ? serve() : undefined))
      .finally(() => (client.ahead -= 1));
    return true;
  }

  /** Resolves when all are closed. */
  async destroyAll(): Promise<void> {
    const sockets = [...this.#sockets.keys()];
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  }
}
