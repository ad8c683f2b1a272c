import type { SourceDocument } from "../text/source-document.js";
import type { PackageFiles } from "../package/package-files.js";
import type { Finding } from "../finding.js";
import type { Program } from "../package/program.js";
import type { Cursor } from "../text/cursor.js";
import type { ApiVersion, HostedEntry, PackageEntry, Source } from "./model.js";

/** What the rules for an operator's config look at. */
export interface ConfigSubject {
  readonly root: Cursor;
  readonly version: ApiVersion | undefined;
  readonly entries: readonly ConfigEntry[];
  readonly hosted: readonly HostedEntry[];
}

/** An entry with what is known of its package. */
export interface ConfigEntry extends PackageEntry {
  readonly source: Source | undefined;
  /** The local file that the source names; undefined for other sources. */
  readonly file: string | undefined;
  readonly fileExists: boolean;
  /** Undefined where the package is not at hand. */
  readonly package: PackageAtHand | undefined;
}

/** A package that can be looked into here and now. */
export interface PackageAtHand {
  /** What the host would refuse it for. */
  readonly errors: readonly Finding[];
  readonly manifest: SourceDocument | undefined;
  readonly files: PackageFiles | undefined;
  readonly program: Program | undefined;
  /** Whether the host can build it from source: Go and Rust only. */
  readonly isBuiltByHost: boolean;
}

export function runtimeEntries({ entries }: ConfigSubject): ConfigEntry[] {
  return entries.filter(({ role }) => role === "runtime");
}
