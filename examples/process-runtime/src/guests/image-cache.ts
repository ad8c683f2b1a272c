import { chmod, lstat, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { LayerTree } from "./oci/layer-tree.js";
import type { LayoutImage } from "./oci/layout.js";
import { unpackLayer, type UnpackBudget } from "./oci/unpack-layer.js";

/** Where unpacked images are kept, and what bounds one. */
export interface ImageCacheOptions {
  /** Kept when the provider ends, and shared by its instances: what is in it is named by digests. */
  readonly directory: string;
  /** This instance's own, on the same file system: what it had half unpacked goes when it is found dead (REC-2). */
  readonly workDirectory: string;
  /** Bytes of files in one image at most. */
  readonly imageBytes: number;
}

/** What unpacking an image is accompanied by. */
export interface UnpackContext {
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** Images as root file systems, unpacked once for each digest. */
export class ImageCache {
  /** Sessions that want the same image at the same time share the work. */
  readonly #underWay = new Map<string, Work>();

  constructor(private readonly options: ImageCacheOptions) {}

  /** The image's root file system; nobody may write to it. */
  async root(image: LayoutImage, { signal, progress }: UnpackContext): Promise<string> {
    const path = join(this.options.directory, image.digest.replace(":", "-"));
    if (await isThere(path)) return path;
    let known = this.#underWay.get(image.digest);
    for (; known?.nobody.signal.aborted === true; known = this.#underWay.get(image.digest))
      // It is being given up, and takes nobody along any more.
      await known.done.catch(() => undefined);
    const work = known ?? this.#begin(image, path);
    progress(`unpacking the image ${image.digest}, ${image.layers.length} layers`);
    work.waiting += 1;
    try {
      await Promise.race([work.done, aborted(signal)]);
      return path;
    } finally {
      work.waiting -= 1;
      // Nobody wants it any more: a stopped session leaves no work behind.
      if (work.waiting === 0) {
        work.nobody.abort(signal.reason);
        await work.done.catch(() => undefined);
      }
    }
  }

  #begin(image: LayoutImage, path: string): Work {
    const nobody = new AbortController();
    const done = this.#unpack(image, path, nobody.signal).finally(() => this.#underWay.delete(image.digest));
    done.catch(() => undefined);
    const work = { done, nobody, waiting: 0 };
    this.#underWay.set(image.digest, work);
    return work;
  }

  async #unpack(image: LayoutImage, path: string, signal: AbortSignal): Promise<void> {
    const { directory, workDirectory, imageBytes } = this.options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(workDirectory, "image-"));
    try {
      const tree = new LayerTree(folder);
      const budget: UnpackBudget = { bytesLeft: imageBytes, leftOut: 0 };
      for (const [index, layer] of image.layers.entries())
        await unpackLayer(image, layer, index, tree, budget, signal);
      await chmod(folder, 0o755);
      // Only what is complete ever has this name; another instance may have been faster.
      await rename(folder, path).catch(async (error: unknown) => {
        if (!(await isThere(path))) throw error;
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

interface Work {
  readonly done: Promise<void>;
  readonly nobody: AbortController;
  waiting: number;
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
