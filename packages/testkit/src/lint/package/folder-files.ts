import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { headBytes, maxTextBytes, type PackageFile, type PackageFiles } from "./package-files.js";

/**
 * The files below a folder.
 *
 * @param folder as findings name it
 */
export function folderFiles(folder: string): PackageFiles {
  const nameOf = (path: string) => join(folder, path);
  return { nameOf, find: (path) => readPackageFile(nameOf(path)) };
}

/** Undefined where there is no plain file that can be read. */
export async function readPackageFile(path: string): Promise<PackageFile | undefined> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch {
    return undefined;
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return undefined;
    const buffer = Buffer.alloc(headBytes);
    const { bytesRead } = await file.read(buffer, 0, headBytes, 0);
    return {
      bytes: stats.size,
      runBit: (stats.mode & 0o100) !== 0,
      head: buffer.subarray(0, bytesRead),
      sha256: () => hashFile(path),
      text: async () => (stats.size > maxTextBytes ? undefined : readFile(path, "utf8")),
    };
  } finally {
    await file.close();
  }
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
