import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import type { Writable } from "node:stream";

const leastBytes = 16 * 1024;
const mostBytes = 256 * 1024;

/** Where to connect: a path, or a host and port. */
export type SocketAddress = { readonly path: string } | Pick<TcpNetConnectOpts, "host" | "port">;

/** A socket and the way to send on what it receives. */
export interface WideSocket {
  readonly socket: Socket;
  /** Sends all that is received to `sink`, and ends it at the end. Called once. */
  readonly forwardTo: (sink: Writable) => void;
}

/**
 * Begins to connect a socket that reads into a buffer of its own, in pieces up to four times the size of those that
 * `data` events bring: half of the system calls of a bulk transfer. The buffer grows with what is read and shrinks
 * again, so that a quiet connection keeps little.
 */
export function connectWide(address: SocketAddress): WideSocket {
  let size = leastBytes;
  let buffer = Buffer.allocUnsafeSlow(size);
  let sink: Writable | undefined;
  const socket = connect({
    ...address,
    allowHalfOpen: true,
    noDelay: true,
    onread: {
      buffer: () => {
        if (buffer.length !== size) buffer = Buffer.allocUnsafeSlow(size);
        return buffer;
      },
      callback: (length, bytes) => {
        if (length === size) size = Math.min(size * 2, mostBytes);
        else if (length < size / 8) size = Math.max(size / 2, leastBytes);
        // The buffer is used again, so that nothing more may be read before it is written.
        sink?.write(bytes.subarray(0, length), (error) => {
          if (error == null) socket.resume();
        });
        return false;
      },
    },
  });
  // Nothing is read before there is a place for it.
  socket.pause();
  return {
    socket,
    forwardTo: (to) => {
      sink = to;
      socket.once("end", () => to.end());
      socket.resume();
    },
  };
}
