import type { PackageFile, PackageFiles } from "../package/package-files.js";

/** One entry of an archive as its header has it. */
export interface ArchiveEntry {
  /** As written: `./x`, `/abs` and `a/../b` are not put right. */
  readonly name: string;
  /** Where the host puts it; undefined where it refuses the name. */
  readonly path: string | undefined;
  readonly refused: NameFault | undefined;
  readonly type: ArchiveEntryType;
  /** Where a link leads. */
  readonly target: string | undefined;
  readonly bytes: number;
}

export type ArchiveEntryType = "file" | "directory" | "symbolic link" | "hard link" | "other";

/** Why the host refuses an entry for its name. */
export type NameFault = "root" | "escape" | "backslash";

/** A gzip tar, read to its end or as far as it can be. */
export interface Archive {
  /** As findings name it. */
  readonly name: string;
  readonly bytes: number;
  readonly entries: readonly ArchiveEntry[];
  /** Its plain files, by the path at which the host unpacks them. */
  readonly files: PackageFiles;
  readonly fault: ArchiveFault | undefined;
}

/** Why it could not be read to its end. */
export interface ArchiveFault {
  readonly type: "gzip" | "tar" | "unpacked-size";
  readonly message: string;
}

/** Where the host puts an entry, or why it refuses the name. */
export function entryPath(name: string): { readonly path: string } | { readonly refused: NameFault } {
  if (name.includes("\\")) return { refused: "backslash" };
  const steps: string[] = [];
  for (const step of name.split("/")) {
    if (step === "" || step === ".") continue;
    if (step !== "..") steps.push(step);
    // Above the root of an absolute name there is only the root.
    else if (steps.pop() === undefined && !name.startsWith("/")) return { refused: "escape" };
  }
  return steps.length === 0 ? { refused: "root" } : { path: steps.join("/") };
}

/** How findings name a file of an archive. */
export function nameInArchive(archive: string, path: string): string {
  return `${archive}!/${path}`;
}

/** The files of an archive as checks look into them. */
export function archiveFiles(archive: string, files: ReadonlyMap<string, PackageFile>): PackageFiles {
  return {
    nameOf: (path) => nameInArchive(archive, path),
    find: (path) => Promise.resolve(files.get(path)),
  };
}
