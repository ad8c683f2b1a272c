import { stat } from "node:fs/promises";
import { join } from "node:path";
import { parseImageReference, RuntimeProviderError, type ImageReference } from "@gestalt-runtime/sdk";
import type { ImageCache, UnpackContext } from "./image-cache.js";
import { ImageError } from "./oci/image-error.js";
import { readLayout } from "./oci/layout.js";

/** Where images are on this machine, as the operator configured it. */
export interface ImagePlaces {
  /** By reference: the directory of an image layout, or of an unpacked root file system. */
  readonly images: Readonly<Record<string, string>>;
  /** Image layouts in `<registry>/<repository>` below it. */
  readonly imageDirectory?: string;
}

/** An image's file system, ready to be a guest's. */
export interface ImageFiles {
  /** On this machine; read-only for guests. */
  readonly root: string;
  /** In the guest. */
  readonly workingDirectory: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Finds images on this machine's disk; nothing is ever pulled. */
export class Images {
  /** By the reference's complete name; a name with neither tag nor digest stands for all of its repository. */
  readonly #places = new Map<string, { field: string; path: string }>();
  readonly #directory: string | undefined;
  readonly #field: string;

  /**
   * @param configPath where the operator's configuration stands, such as `runtime.providers.process.config`
   * @throws {@link RuntimeProviderError} INVALID_ARGUMENT for a name that is no image reference
   */
  constructor(
    { images, imageDirectory }: ImagePlaces,
    private readonly cache: ImageCache,
    configPath: string,
  ) {
    this.#directory = imageDirectory;
    this.#field = configPath;
    for (const [name, path] of Object.entries(images)) {
      const field = `${configPath}.images[${JSON.stringify(name)}]`;
      const { registry, repository, tag, digest } = parseImageReference(name, field);
      const isWhole = digest !== undefined || (tag !== undefined && name.endsWith(`:${tag}`));
      const key = isWhole ? exactName({ registry, repository, tag, digest }) : `${registry}/${repository}`;
      const earlier = this.#places.get(key);
      if (earlier !== undefined)
        throw new RuntimeProviderError(
          "INVALID_ARGUMENT",
          `${field} is the same image as ${earlier.field}; keep one`,
        );
      this.#places.set(key, { field, path });
    }
  }

  /**
   * @param asked the config field that named the image
   * @throws {@link RuntimeProviderError} INVALID_ARGUMENT where it is not configured, FAILED_PRECONDITION where it is
   *   broken or missing on the disk
   */
  async files(reference: ImageReference, asked: string, context: UnpackContext): Promise<ImageFiles> {
    const { field, path } = this.#place(reference, asked);
    const kind = await kindOf(path);
    if (kind === "missing")
      throw this.#isListed(field)
        ? precondition(`${field} is ${path}, which is no directory: put the image there`)
        : this.#unknown(reference, asked);
    if (kind === "root") {
      if (reference.digest === undefined) return { root: path, workingDirectory: "/", env: {} };
      throw precondition(
        `${asked} has a digest, and ${field} (${path}) is an unpacked file system, whose digest nobody can check: name an image layout there, or the image without its digest`,
      );
    }
    try {
      const image = await readLayout(path, reference);
      const { workingDirectory, env } = image.config;
      return { root: await this.cache.root(image, context), workingDirectory, env };
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      throw precondition(`${asked} (${String(reference)}) can't be used: ${error.message} (${field})`, error);
    }
  }

  /** @throws {@link RuntimeProviderError} INVALID_ARGUMENT for an image that no field of the configuration could mean */
  assertKnown(reference: ImageReference, asked: string): void {
    this.#place(reference, asked);
  }

  #place(reference: ImageReference, asked: string): { field: string; path: string } {
    const { registry, repository, tag } = reference;
    const names = [
      exactName(reference),
      ...(tag === undefined ? [] : [exactName({ registry, repository, tag })]),
      `${registry}/${repository}`,
    ];
    for (const name of names) {
      const found = this.#places.get(name);
      if (found !== undefined) return found;
    }
    if (this.#directory === undefined) throw this.#unknown(reference, asked);
    return { field: `${this.#field}.imageDirectory`, path: join(this.#directory, registry, repository) };
  }

  #isListed(field: string): boolean {
    return field !== `${this.#field}.imageDirectory`;
  }

  #unknown(reference: ImageReference, asked: string): RuntimeProviderError {
    const { registry, repository } = reference;
    const place =
      this.#directory === undefined
        ? `${this.#field}.imageDirectory`
        : join(this.#directory, registry, repository);
    return new RuntimeProviderError(
      "INVALID_ARGUMENT",
      `${asked} names ${String(reference)}, which this runtime has not: add it to ${this.#field}.images, or put its image layout into ${place}`,
    );
  }
}

type Name = Pick<ImageReference, "registry" | "repository"> & {
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
};

/** A digest decides; a tag beside it is a comment. */
function exactName({ registry, repository, tag, digest }: Name): string {
  return digest === undefined
    ? `${registry}/${repository}:${tag ?? ""}`
    : `${registry}/${repository}@${digest}`;
}

async function kindOf(path: string): Promise<"layout" | "root" | "missing"> {
  if ((await stat(path).catch(() => undefined))?.isDirectory() !== true) return "missing";
  return (await stat(join(path, "oci-layout")).catch(() => undefined)) === undefined ? "root" : "layout";
}

function precondition(message: string, cause?: Error): RuntimeProviderError {
  return new RuntimeProviderError("FAILED_PRECONDITION", message, { cause });
}
