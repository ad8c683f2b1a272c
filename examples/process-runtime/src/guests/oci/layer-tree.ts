import type { Stats } from "node:fs";
import { chmod, link, lstat, mkdir, open, readdir, rm, symlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { resolveInRoot } from "../rooted-path.js";
import { ImageError } from "./image-error.js";

const whiteout = ".wh.";
const opaque = ".wh..wh..opq";

/**
 * A root file system while one layer after the other is laid on it. Nothing that a layer says can touch anything
 * outside: parents are looked up as a process with that root would find them, files are made anew and never written
 * through what is there.
 *
 * All belongs to this provider's user, as whom plugins run: owners, setuid and setgid bits are left out.
 */
export class LayerTree {
  /** What the present layer has put down: its whiteouts are about lower layers only. */
  #written = new Set<string>();
  /** Parents that were looked up, until anything but a file changes. */
  readonly #parents = new Map<string, string>();

  constructor(private readonly root: string) {}

  beginLayer(): void {
    this.#written = new Set();
  }

  async directory(path: string, mode: number): Promise<void> {
    const place = await this.#place(path);
    const found = await this.#look(place);
    if (found?.isDirectory() !== true) {
      if (found !== undefined) await this.#remove(place);
      await mkdir(place);
    }
    // Whatever the image says, this user must be able to remove it again.
    await chmod(place, (mode & 0o1777) | 0o700);
    this.#written.add(place);
  }

  /** Makes a file and hands it over to be written. */
  async file(
    path: string,
    mode: number,
    modified: Date | undefined,
    write: (file: FileHandle) => Promise<void>,
  ): Promise<void> {
    const place = await this.#cleared(path);
    const file = await open(place, "wx", 0o600);
    try {
      await write(file);
      await file.chmod((mode & 0o777) | 0o400);
      // Compiled Python files are good for one time of their source.
      if (modified !== undefined) await file.utimes(modified, modified);
    } finally {
      await file.close();
    }
  }

  /** Links may lead anywhere: they are followed in the guest, where this root is all there is. */
  async symbolicLink(path: string, to: string): Promise<void> {
    if (to === "") throw new ImageError(`${path} is a link to nothing`);
    await symlink(to, await this.#cleared(path));
    this.#parents.clear();
  }

  async hardLink(path: string, to: string): Promise<void> {
    const target = await this.#place(to);
    const found = await this.#look(target);
    if (found === undefined || found.isDirectory())
      throw new ImageError(`${path} is a hard link to ${to}, which is no file in the image`);
    const place = await this.#place(path);
    if (place === target) return;
    await this.#clear(place);
    // The kernel takes a link itself, and does not follow it.
    await link(target, place);
  }

  /** @returns whether the entry's name says that something of the lower layers is gone */
  async whiteout(path: string): Promise<boolean> {
    const parts = partsOf(path);
    const name = parts.pop() ?? "";
    if (!name.startsWith(whiteout)) return false;
    if (name === opaque) {
      const folder = await this.#parent(parts.join("/"));
      for (const child of await readdir(folder)) await this.#hide(join(folder, child));
      return true;
    }
    const hidden = name.slice(whiteout.length);
    // The names of a file system that needs more than whiteouts mean nothing here.
    if (hidden.startsWith(whiteout)) return true;
    if (hidden === "" || hidden === "." || hidden === "..") throw new ImageError(`${path} hides nothing`);
    await this.#hide(await this.#place([...parts, hidden].join("/")));
    return true;
  }

  /** Removes what the lower layers have put down, and spares what this one has. */
  async #hide(place: string): Promise<void> {
    const own = [...this.#written].some((written) => written === place || written.startsWith(`${place}/`));
    if (!own) return this.#remove(place);
    const found = await this.#look(place);
    if (found?.isDirectory() !== true) return;
    for (const child of await readdir(place)) await this.#hide(join(place, child));
  }

  async #cleared(path: string): Promise<string> {
    const place = await this.#place(path);
    await this.#clear(place);
    return place;
  }

  async #clear(place: string): Promise<void> {
    if ((await this.#look(place)) !== undefined) await this.#remove(place);
    this.#written.add(place);
  }

  /** Where an entry goes: its parents followed inside the root and made where missing, its own name taken as it is. */
  async #place(path: string): Promise<string> {
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined) return this.root;
    return join(await this.#parent(parts.join("/")), name);
  }

  async #parent(path: string): Promise<string> {
    const known = this.#parents.get(path);
    if (known !== undefined) return known;
    const { onHost, exists } = await resolveInRoot(this.root, path);
    if (!exists) await mkdir(onHost, { recursive: true, mode: 0o755 });
    else if (!(await lstat(onHost)).isDirectory())
      throw new ImageError(`${path} is a file, and there is an entry below it`);
    this.#parents.set(path, onHost);
    return onHost;
  }

  async #remove(place: string): Promise<void> {
    this.#parents.clear();
    await rm(place, { recursive: true, force: true });
  }

  async #look(place: string): Promise<Stats | undefined> {
    try {
      return await lstat(place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }
}

/** @throws {@link ImageError} for a name that leads out, wherever it would end */
function partsOf(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (!parts.includes("..") && !path.includes("\0")) return parts;
  throw new ImageError(`the entry ${JSON.stringify(path)} leads out of the image`);
}
