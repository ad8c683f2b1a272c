import type { Kind } from "../identity.js";

/** A checked `provider-release.yaml`. */
export interface ProviderRelease {
  readonly schema: "gestaltd-provider-release";
  readonly schemaVersion: 1;
  /** The manifest's source. */
  readonly package: string;
  /** The manifest's kind. */
  readonly kind: Kind;
  /** The manifest's version. */
  readonly version: string;
  readonly runtime: "executable";
  /** By platform, for example `linux/amd64`. */
  readonly artifacts: Readonly<Record<string, ReleaseArtifact>>;
}

/** One platform's archive. */
export interface ReleaseArtifact {
  /** The archive's path relative to this file, or its URL. */
  readonly path: string;
  /** Of the archive. */
  readonly sha256: string;
}
