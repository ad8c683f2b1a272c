/** One file of a package, as far as checks look into it. */
export interface PackageFile {
  /** Its size. */
  readonly bytes: number;
  /** Whether its owner may execute it. */
  readonly runBit: boolean;
  /** Its first bytes, 4 KiB at most. */
  readonly head: Buffer;
  /** Lower-case hex. */
  sha256(): Promise<string>;
  /** All of it; undefined past 4 MiB. */
  text(): Promise<string | undefined>;
}

/** The files of a package, on disk or in an archive. */
export interface PackageFiles {
  /** How findings name one of its files. */
  nameOf(path: string): string;
  /**
   * The file at a path; undefined where none is.
   *
   * @param path normalised, relative to the package's root
   */
  find(path: string): Promise<PackageFile | undefined>;
}

/** What of a file's beginning is looked at. */
export const headBytes = 4096;

/** Past this a manifest, a schema or a configuration is not read: the host's own limit for what it fetches. */
export const maxTextBytes = 4 * 1024 * 1024;
