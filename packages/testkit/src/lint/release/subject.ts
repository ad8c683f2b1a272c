import type { Archive } from "../archive/archive.js";
import type { Cursor } from "../text/cursor.js";
import type { SourceDocument } from "../text/source-document.js";

/** One platform of a release, with its archive where that could be read. */
export interface PlatformArchive {
  /** The entry of `artifacts` in `provider-release.yaml`. */
  readonly at: Cursor;
  readonly platform: string;
  /** On this disk; undefined for a URL or no path at all. */
  readonly file: string | undefined;
  /** Undefined where there is no such file. */
  readonly sha256: string | undefined;
  readonly archive: Archive | undefined;
  readonly manifest: SourceDocument | undefined;
}

/** What the rules for a release folder look at. */
export interface ReleaseSubject {
  readonly root: Cursor;
  readonly archives: readonly PlatformArchive[];
  readonly checksums: Checksums | undefined;
  /** Names of the archives beside `provider-release.yaml`. */
  readonly folder: readonly string[];
}

/** `checksums.txt`, line by line. */
export interface Checksums {
  /** As findings name it. */
  readonly file: string;
  readonly lines: readonly ChecksumLine[];
}

export interface ChecksumLine {
  /** From 1. */
  readonly line: number;
  /** Undefined where the line is none of `<sha256>  <archive>`. */
  readonly parts: { readonly sha256: string; readonly archive: string } | undefined;
}
