import { rename, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";

/*
 * A lock that dies with its owner: a listening Unix socket. While the owner lives a connect succeeds, also when
 * it is busy or stopped; once it is dead in whatever way, a connect is refused.
 */

export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes a lock at `path`. It is bound as `temporary` first, and renamed when it listens: at its final name it is
 * never seen unheld.
 *
 * @throws the system's ENOENT where somebody cleaned up between the two steps; try again with other names
 */
export async function takeLock(path: string, temporary: string): Promise<Lock> {
  const server = createServer((socket) => socket.destroy());
  await listen(server, temporary);
  server.unref();
  try {
    await rename(temporary, path);
  } catch (error) {
    await close(server);
    throw error;
  }
  return {
    release: async () => {
      await rm(path, { force: true });
      await close(server);
    },
  };
}

/** True only where the lock's owner is proven dead: the socket is there, and nobody listens on it. */
export function isOwnerDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    // Any other fault (a full backlog, no permission) proves nothing.
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
