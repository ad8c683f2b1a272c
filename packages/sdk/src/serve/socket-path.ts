import { randomBytes } from "node:crypto";
import { lstatSync, unlinkSync, type Stats } from "node:fs";
import { rename } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { maxUnixPathBytes } from "../dial-target/dial-target.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/**
 * The socket's place in the file system. A listener is bound to `listenPath` first and published under `path`
 * when it accepts (PROC-3); what stood there before must be a socket that nobody listens on (PROC-2).
 */
export class SocketPath {
  /** Where to bind: a short name beside `path`, or `path` itself where none fits. */
  readonly listenPath: string;
  #published: Stats | undefined;

  constructor(readonly path: string) {
    checkPath(path);
    const temporary = join(dirname(path), `.${randomBytes(4).toString("hex")}`);
    this.listenPath = Buffer.byteLength(temporary) <= maxUnixPathBytes ? temporary : path;
  }

  /** Makes sure that `path` is free, or holds a stale socket. Nothing else is ever deleted. */
  async prepare(): Promise<void> {
    const found = lstat(this.path);
    if (found === undefined) return;
    if (!found.isSocket())
      throw new RuntimeProviderError(
        "FAILED_PRECONDITION",
        `${this.path} is in the way and no socket; it was left alone: remove it, or serve at another path`,
      );
    const answer = await dial(this.path);
    // Only a refusal proves that nobody listens: a listener that is too busy, or another user's, fails otherwise.
    if (answer !== "ECONNREFUSED" && answer !== "ENOENT")
      throw new RuntimeProviderError(
        "FAILED_PRECONDITION",
        `another process listens on ${this.path} (dialling it: ${answer}); end it, or serve at another path`,
      );
    // Bound under its own name it must be free; otherwise the rename replaces it in one step.
    if (this.listenPath === this.path) unlinkSync(this.path);
  }

  /** Shows the listening socket under its final name. */
  async publish(): Promise<void> {
    this.#published = lstat(this.listenPath);
    if (this.listenPath === this.path) return;
    // rename would replace anything, and what came in the meantime is somebody's.
    await this.prepare();
    await rename(this.listenPath, this.path);
  }

  /** Removes both names, unless another process has put its own socket there since. */
  remove(): void {
    if (this.listenPath !== this.path) unlink(this.listenPath);
    const found = lstat(this.path);
    if (found !== undefined && found.ino === this.#published?.ino && found.dev === this.#published.dev)
      unlink(this.path);
  }
}

function checkPath(path: string): void {
  const field = "GESTALT_PLUGIN_SOCKET";
  if (!path.startsWith("/"))
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      `${field} ${JSON.stringify(path)} is not absolute; give an absolute path`,
    );
  const bytes = Buffer.byteLength(path);
  if (bytes > maxUnixPathBytes)
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      `${field} ${JSON.stringify(path)} has ${bytes} bytes, more than the ${maxUnixPathBytes} that a Unix socket's address holds (DIAL-2); use a shorter directory`,
    );
}

/** "connected", or the code of the error. */
function dial(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve("connected");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

function lstat(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function unlink(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
