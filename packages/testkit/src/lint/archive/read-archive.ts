import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { Parser, type ReadEntry } from "tar";
import { headBytes, maxTextBytes, type PackageFile } from "../package/package-files.js";
import { archiveFiles, entryPath, type Archive, type ArchiveEntry, type ArchiveFault } from "./archive.js";

export interface ReadArchiveOptions {
  /** How findings name it. Default: the path. */
  readonly name?: string;
  /** Past this it is not read on: it may be one that unpacks to nothing but size. Default 4 GiB. */
  readonly maxUnpackedBytes?: number;
}

/** Texts of one archive that are kept, all together. */
const keptBytes = 64 * 1024 * 1024;

/**
 * Reads an archive without unpacking it: every header, every file's hash and beginning, and the texts that are
 * small enough to be a manifest or a schema.
 *
 * @throws RuntimeProviderError NOT_FOUND where there is no such file; what is wrong with it is told in the result
 */
export async function readArchive(
  path: string,
  { name = path, maxUnpackedBytes = 4 * 1024 ** 3 }: ReadArchiveOptions = {},
): Promise<Archive> {
  const { size: bytes } = await stat(path).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuntimeProviderError("NOT_FOUND", `${path} can't be read: ${reason}`, { cause: error });
  });
  const entries: ArchiveEntry[] = [];
  const files = new Map<string, PackageFile>();
  const reader = new EntryReader(entries, files);
  const fault = await parse(path, reader, maxUnpackedBytes);
  return { name, bytes, entries, files: archiveFiles(name, files), fault };
}

async function parse(
  path: string,
  reader: EntryReader,
  maxUnpackedBytes: number,
): Promise<ArchiveFault | undefined> {
  let tarFault: ArchiveFault | undefined;
  let unpackedBytes = 0;
  const parser = new Parser({
    strict: true,
    // A member that is compressed once more is a fault, not a second layer to look through.
    gzip: false,
    brotli: false,
    zstd: false,
    onReadEntry: (entry: ReadEntry) => reader.read(entry),
  });
  parser.on("ignoredEntry", (entry: ReadEntry) => reader.note(entry));
  parser.on(
    "error",
    (error: Error) => (tarFault ??= { type: "tar", message: error.message.replace(/^TAR_\w+: /, "") }),
  );
  const source = createReadStream(path);
  const gunzip = createGunzip();
  // Destroyed with the other: the loop below sees the error.
  source.on("error", (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    for await (const chunk of gunzip) {
      unpackedBytes += (chunk as Buffer).length;
      if (unpackedBytes > maxUnpackedBytes)
        return { type: "unpacked-size", message: `it unpacks to more than ${maxUnpackedBytes} bytes` };
      parser.write(chunk as Buffer);
      if (tarFault !== undefined) return tarFault;
    }
    parser.end();
    return tarFault;
  } catch (error) {
    return { type: "gzip", message: error instanceof Error ? error.message : String(error) };
  } finally {
    source.destroy();
  }
}

class EntryReader {
  #kept = 0;

  constructor(
    readonly entries: ArchiveEntry[],
    readonly files: Map<string, PackageFile>,
  ) {}

  read(entry: ReadEntry): void {
    const { path, type } = this.note(entry);
    if (type !== "file" || path === undefined || this.files.has(path)) {
      entry.resume();
      return;
    }
    const { size, mode = 0 } = entry;
    const isKept = size <= maxTextBytes && this.#kept + size <= keptBytes;
    if (isKept) this.#kept += size;
    const hash = createHash("sha256");
    const chunks: Buffer[] = [];
    let seen = 0;
    entry.on("data", (chunk: Buffer) => {
      hash.update(chunk);
      if (isKept) chunks.push(chunk);
      else if (seen < headBytes) chunks.push(Buffer.from(chunk.subarray(0, headBytes - seen)));
      seen += chunk.length;
    });
    entry.on("end", () => {
      const sha256 = hash.digest("hex");
      const content = Buffer.concat(chunks);
      this.files.set(path, {
        bytes: size,
        runBit: (mode & 0o100) !== 0,
        head: content.subarray(0, headBytes),
        sha256: () => Promise.resolve(sha256),
        text: () => Promise.resolve(isKept ? content.toString("utf8") : undefined),
      });
    });
  }

  note(entry: ReadEntry): ArchiveEntry {
    const place = entryPath(entry.path);
    const noted: ArchiveEntry = {
      name: entry.path,
      path: "path" in place ? place.path : undefined,
      refused: "refused" in place ? place.refused : undefined,
      type: typeOf(entry),
      target: entry.linkpath === undefined || entry.linkpath === "" ? undefined : entry.linkpath,
      bytes: entry.size,
    };
    this.entries.push(noted);
    return noted;
  }
}

function typeOf({ type }: ReadEntry): ArchiveEntry["type"] {
  switch (type) {
    case "File":
    case "OldFile":
      return "file";
    case "Directory":
      return "directory";
    case "SymbolicLink":
      return "symbolic link";
    case "Link":
      return "hard link";
    default:
      return "other";
  }
}
