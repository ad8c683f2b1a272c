import { chmod } from "node:fs/promises";
import type { Server } from "node:http";
import { parseDialTarget } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { SocketPath } from "../serve/socket-path.js";
import type { EgressProxyListen } from "./proxy-options.js";

/**
 * Makes a server listen.
 *
 * @returns what removes the socket file, if there is one
 * @throws {@link RuntimeProviderError} FAILED_PRECONDITION where that place can't be had, INVALID_ARGUMENT for no place
 */
export async function listenOn(server: Server, listen: EgressProxyListen): Promise<() => void> {
  if ("path" in listen) return listenOnPath(server, listen.path, listen.mode ?? 0o600);
  if ("server" in listen) {
    // What is handed over may have been closed meanwhile; Node.js would then listen somewhere else.
    if (!listen.server.listening)
      throw new RuntimeProviderError(
        "INVALID_ARGUMENT",
        "listen.server does not listen; give one that does, or an address",
      );
    await listening(server, listen.server, "the given server");
  } else if ("fd" in listen) await listening(server, { fd: listen.fd }, `descriptor ${listen.fd}`);
  else {
    const { host = "127.0.0.1", port = 0 } = listen;
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new RuntimeProviderError(
        "INVALID_ARGUMENT",
        `listen.port ${port} is no port; give 0 for any free one, or 1 to 65535`,
      );
    await listening(server, { host, port }, `${host}, port ${port}`);
  }
  return () => undefined;
}

async function listenOnPath(server: Server, text: string, mode: number): Promise<() => void> {
  parseDialTarget(`unix://${text}`, "listen.path");
  const path = new SocketPath(text);
  await path.prepare();
  await listening(server, { path: path.listenPath }, text);
  try {
    await chmod(path.listenPath, mode);
    await path.publish();
  } catch (error) {
    server.close();
    path.remove();
    throw error;
  }
  return () => path.remove();
}

function listening(server: Server, where: object, place: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => {
      const text = `the egress proxy can't listen on ${place} (${cause.code ?? cause.message}): give a place that is free and that this user may use`;
      reject(new RuntimeProviderError("FAILED_PRECONDITION", text, { cause }));
    };
    server.once("error", failed);
    server.listen(where, () => {
      server.off("error", failed);
      resolve();
    });
  });
}
