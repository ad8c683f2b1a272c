import { connect, type Socket } from "node:net";

/** Opens one connection to a socket of the guest. */
export function dialSocket(path: () => string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: path(), allowHalfOpen: true });
    const abort = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      signal.removeEventListener("abort", abort);
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
