import { randomBytes } from "node:crypto";
import { lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";

const prefix = `gestalt-javascript-runtime-${process.getuid()}-`;
/** Under this name nobody else looks at it: it is not locked yet. */
const unfinished = `gestalt-javascript-unfinished-${process.getuid()}-`;

/**
 * The directory of one provider process.
 *
 * A socket in it that accepts says that its owner lives: Node.js has no file locks, and the kernel closes a socket with
 * its process. Plugins need no lock: none outlives its provider (see containment.js).
 */
export class InstanceDirectory {
  /** @param {string} path @param {import("node:net").Server} lock */
  constructor(path, lock) {
    this.path = path;
    this.lock = lock;
  }

  /** Removes what dead instances left, and makes one (REC-2). @param {string} parent */
  static async open(parent) {
    await removeLeftovers(parent);
    const name = randomBytes(6).toString("hex");
    const made = join(parent, `${unfinished}${name}`);
    await mkdir(made, { mode: 0o700 });
    const lock = createServer((socket) => socket.destroy());
    await new Promise((resolve, reject) => {
      lock.once("error", reject).listen(join(made, "lock"), resolve);
    });
    lock.unref();
    const path = join(parent, `${prefix}${name}`);
    await rename(made, path);
    return new InstanceDirectory(path, lock);
  }

  async remove() {
    await rm(this.path, { recursive: true, force: true });
    this.lock.close();
  }
}

async function removeLeftovers(parent) {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(parent, name);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isDirectory() !== true || found.uid !== process.getuid()) continue;
    if (!(await accepts(join(path, "lock")))) await rm(path, { recursive: true, force: true });
  }
}

/** Whether somebody listens there; what can't be told counts as yes, so that nothing living is removed. */
function accepts(path) {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", ({ code }) => resolve(code !== "ECONNREFUSED" && code !== "ENOENT"));
  });
}
