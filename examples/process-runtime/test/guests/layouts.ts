import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { fixturePlugin } from "@gestalt-runtime/testkit";
import { Header, type HeaderData } from "tar";

/** An entry of a layer: its type as tar spells it, File where left out. */
export interface LayerEntry {
  readonly path: string;
  readonly type?: HeaderData["type"];
  readonly linkpath?: string;
  readonly mode?: number;
  readonly content?: string | Buffer;
  readonly mtime?: Date;
}

/** A tar archive with exactly these entries, whatever they say. */
export function tarOf(entries: readonly LayerEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, type = "File", linkpath, mode = 0o644, content = "", mtime }) => {
    const bytes = Buffer.from(content);
    const header = new Header({
      ...{ path, type, mode, size: bytes.length, mtime: mtime ?? new Date(0) },
      ...(linkpath !== undefined && { linkpath }),
    });
    const block = Buffer.alloc(512);
    header.encode(block, 0);
    return [block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** What an image is to be; everything has a default that is right. */
export interface ImageOptions {
  readonly layers: readonly Buffer[];
  readonly tag?: string;
  readonly config?: Record<string, unknown>;
  readonly os?: string;
  readonly architecture?: string;
  readonly diffIds?: readonly string[];
  readonly layerType?: string;
  /** How a layer becomes its blob. */
  readonly compress?: (layer: Buffer) => Buffer;
  /** The manifest lies in an index of its own beside one for another machine. */
  readonly inIndex?: boolean;
}

const architecture = process.arch === "x64" ? "amd64" : process.arch;
export const manifestType = "application/vnd.oci.image.manifest.v1+json";
export const indexType = "application/vnd.oci.image.index.v1+json";

/** Writes an OCI image layout with one image. @returns the digest that its index names */
export async function writeLayout(directory: string, options: ImageOptions): Promise<string> {
  const { layers, compress = gzipSync, layerType = "application/vnd.oci.image.layer.v1.tar+gzip" } = options;
  await mkdir(join(directory, "blobs/sha256"), { recursive: true });
  const descriptors = [];
  for (const layer of layers) descriptors.push(await writeBlob(directory, compress(layer), layerType));
  const config = await writeJson(directory, "application/vnd.oci.image.config.v1+json", {
    os: options.os ?? "linux",
    architecture: options.architecture ?? architecture,
    rootfs: { type: "layers", diff_ids: options.diffIds ?? layers.map(digestOf) },
    config: options.config ?? {},
  });
  const manifest = { schemaVersion: 2, mediaType: manifestType, config, layers: descriptors };
  let named = await writeJson(directory, manifestType, manifest);
  if (options.inIndex === true) {
    const elsewhere = await writeJson(directory, manifestType, { ...manifest, layers: [] });
    named = await writeJson(directory, indexType, {
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [
        { ...elsewhere, platform: { os: "linux", architecture: "s390x" } },
        { ...named, platform: { os: "linux", architecture } },
      ],
    });
  }
  const annotations = options.tag === undefined ? {} : { "org.opencontainers.image.ref.name": options.tag };
  await writeFile(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(
    join(directory, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...named, annotations }] }),
  );
  return named.digest;
}

type Named = { mediaType: string; digest: string; size: number };

async function writeJson(directory: string, mediaType: string, value: unknown): Promise<Named> {
  return writeBlob(directory, Buffer.from(JSON.stringify(value)), mediaType);
}

async function writeBlob(directory: string, bytes: Buffer, mediaType: string): Promise<Named> {
  const digest = digestOf(bytes);
  await writeFile(join(directory, "blobs", ...digest.split(":")), bytes);
  return { mediaType, digest, size: bytes.length };
}

/** Node.js with the libraries that it loads, each where its loader looks for it. */
export async function nodeEntries(): Promise<LayerEntry[]> {
  const { stdout } = await promisify(execFile)("ldd", [process.execPath]);
  const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path);
  const files = [["/bin/node", process.execPath], ...libraries.map((path) => [path, path])];
  return Promise.all(
    files.map(async ([path = "", from = ""]) => ({ path, mode: 0o755, content: await readFile(from) })),
  );
}

/** The fixture plugin as an image brings it: run by the image's own Node.js. */
export async function pluginEntry(): Promise<LayerEntry> {
  const text = await readFile(fixturePlugin().command, "utf8");
  return { path: "app/bin/plugin", mode: 0o755, content: text.replace(/^#!.*\n/, "#!/bin/node\n") };
}
