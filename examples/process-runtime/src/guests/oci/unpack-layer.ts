import type { FileHandle } from "node:fs/promises";
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import zlib from "node:zlib";
import type { ReadEntry } from "tar";
import { checking } from "./blobs.js";
import type { Descriptor } from "./descriptor.js";
import { ImageError } from "./image-error.js";
import type { LayerTree } from "./layer-tree.js";
import type { LayoutImage } from "./layout.js";

/** What a guest's root can't hold, and what bounds it. */
export interface UnpackBudget {
  /** Bytes of files that may still be written. */
  bytesLeft: number;
  /** Device nodes and named pipes that were left out: a guest has its own `/dev`. */
  leftOut: number;
}

/**
 * Lays one layer on the tree: its blob and what is in it are checked against their digests on the way, so that a
 * layer that is not the one it was to be fails at its end, when the tree has to be thrown away.
 *
 * @throws {@link ImageError}
 */
export async function unpackLayer(
  { blobs, config }: LayoutImage,
  layer: Descriptor,
  index: number,
  tree: LayerTree,
  budget: UnpackBudget,
  signal: AbortSignal,
): Promise<void> {
  // Loaded here: a provider without images starts without it.
  const { Parser } = await import("tar");
  const faults: unknown[] = [];
  let work = Promise.resolve();
  const broken = new AbortController();
  tree.beginLayer();
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry: ReadEntry) => {
      // One after the other: an entry that is not read yet holds the parser up by itself.
      work = work.then(async () => {
        try {
          if (faults.length === 0) await place(entry, tree, budget, broken.signal);
        } catch (error) {
          faults.push(error);
        } finally {
          entry.resume();
        }
      });
    },
  });
  const diffId = config.diffIds[index] ?? "";
  const checked = checking(`the unpacked layer ${layer.digest}`, diffId);
  const content = { isEmpty: true };
  checked.on("data", (chunk: Buffer) => (content.isEmpty &&= chunk.every((byte) => byte === 0)));
  try {
    const sink = parser as unknown as NodeJS.WritableStream;
    const streams = [...blobs.open(layer), ...decompression(layer), checked, sink];
    await pipeline(streams, { signal });
  } catch (error) {
    // An archive of nothing is no archive to the parser; it is what a layer that changes nothing looks like.
    if (!content.isEmpty || !isUnrecognized(error)) faults.push(error);
    // The entry that is being written waits for bytes that never come.
    broken.abort();
  }
  await work;
  if (faults.length === 0) return;
  signal.throwIfAborted();
  const [cause] = faults;
  if (cause instanceof ImageError) throw cause;
  const reason = cause instanceof Error ? cause.message : "unknown";
  throw new ImageError(`the layer ${layer.digest} can't be unpacked (${reason}): copy the image again`, {
    cause,
  });
}

function isUnrecognized(error: unknown): boolean {
  return error instanceof Error && error.message.includes("Unrecognized archive format");
}

function decompression({ mediaType, digest }: Descriptor): Transform[] {
  const kind = /[+.](gzip|zstd|tar)$/.exec(mediaType)?.[1];
  if (kind === "tar") return [];
  if (kind === "gzip") return [zlib.createGunzip()];
  if (kind !== "zstd")
    throw new ImageError(
      `the layer ${digest} is ${JSON.stringify(mediaType)}, which is no layer of an image`,
    );
  // Newer than the oldest Node.js that this runs on.
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
  if (createZstdDecompress !== undefined) return [createZstdDecompress()];
  throw new ImageError(
    `the layer ${digest} is compressed with zstd, which Node.js ${process.versions.node} can't read: use Node.js 22.15 or newer, or compress the image with gzip`,
  );
}

async function place(
  entry: ReadEntry,
  tree: LayerTree,
  budget: UnpackBudget,
  signal: AbortSignal,
): Promise<void> {
  const { path, type, linkpath = "", mode = 0o755, mtime, size } = entry;
  if (await tree.whiteout(path)) return;
  switch (type) {
    case "Directory":
    case "GNUDumpDir":
      return tree.directory(path, mode);
    case "SymbolicLink":
      return tree.symbolicLink(path, linkpath);
    case "Link":
      return tree.hardLink(path, linkpath);
    case "CharacterDevice":
    case "BlockDevice":
    case "FIFO":
      budget.leftOut += 1;
      return;
    case "File":
    case "OldFile":
    case "ContiguousFile":
      budget.bytesLeft -= size;
      if (budget.bytesLeft < 0)
        throw new ImageError("it unpacks to more than imageBytes: raise that limit, or use a smaller image");
      return tree.file(path, mode, mtime, (file) => write(entry, file, signal));
    default:
      throw new ImageError(
        `the entry ${JSON.stringify(path)} is a ${type}, which images don't have: build it again`,
      );
  }
}

async function write(entry: ReadEntry, file: FileHandle, signal: AbortSignal): Promise<void> {
  await pipeline(
    entry as unknown as NodeJS.ReadableStream,
    async (chunks) => {
      for await (const chunk of chunks) await file.writeFile(chunk);
    },
    { signal },
  );
}
