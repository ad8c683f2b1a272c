import { createWriteStream } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Pack } from "tar";
import type { CarriedFile } from "./carried-files.js";

/** Puts files where they belong in a folder, as the host will have them unpacked. */
export async function stage(folder: string, files: readonly CarriedFile[]): Promise<void> {
  for (const { path, content } of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    await chmod(file, 0o644);
  }
}

/**
 * Packs files of a folder into a gzip tar, each under its own path and without entries for folders.
 *
 * The same files give the same bytes: times, owners and names of owners are left out, the order is that of the
 * paths, and gzip's header says neither when nor where it was made.
 *
 * @param paths relative to the folder, normalised
 */
export async function packArchive(folder: string, paths: readonly string[], archive: string): Promise<void> {
  const pack = new Pack({
    cwd: folder,
    portable: true,
    mtime: new Date(0),
    noDirRecurse: true,
    strict: true,
    gzip: { level: 6 },
  });
  for (const path of paths.toSorted()) pack.add(path);
  pack.end();
  await pipeline(pack as unknown as NodeJS.ReadableStream, createWriteStream(archive));
}
