import { lstat, rename, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";

/*
 * A lock that dies with its owner: a listening Unix socket. While the owner lives a connect succeeds, also when
 * it is busy or stopped; once it is dead in whatever way, a connect is refused.
 */

export interface Lock {
  /** Lets go and takes the lock away. */
  release(): Promise<void>;
  /** Lets go and leaves the lock where it is, as a death would: the proof that what it stood for has no owner. */
  abandon(): Promise<void>;
}

/** What a lock says about its owner; `"unknown"`: neither is proven. */
export type LockState = "alive" | "dead" | "missing" | "unknown";

/**
 * Takes a lock at `path`. It is bound as `temporary` first, and renamed when it listens: at its final name it is
 * never seen unheld.
 *
 * @throws the system's ENOENT where somebody cleaned up between the two steps; try again with other names
 */
export async function takeLock(path: string, temporary: string): Promise<Lock> {
  const server = createServer((socket) => socket.destroy());
  await listen(server, temporary);
  // A connection that can't be accepted, for want of descriptors, has got its answer already.
  server.on("error", () => undefined);
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
    abandon: () => close(server),
  };
}

/** Asks the lock at `path` about its owner. Good for this machine's owners only (see boot.ts). */
export async function askLock(path: string): Promise<LockState> {
  const answer = await askSocket(path);
  if (answer !== "dead") return answer;
  // A file that is no socket refuses too.
  const found = await lstat(path).catch(() => undefined);
  return found === undefined ? "missing" : found.isSocket() ? "dead" : "unknown";
}

/** True only where the lock's owner is proven dead: the socket is there, and nobody listens on it. */
export async function isOwnerDead(path: string): Promise<boolean> {
  return (await askLock(path)) === "dead";
}

function askSocket(path: string): Promise<LockState> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve("alive");
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "ECONNREFUSED") resolve("dead");
      else if (code === "ENOENT") resolve("missing");
      // A full backlog: many ask at once, or the owner is stopped.
      else if (code === "EAGAIN") resolve("alive");
      else resolve("unknown");
    });
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
