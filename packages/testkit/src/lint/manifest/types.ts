import type { Kind } from "../identity.js";
import type { Architecture, OperatingSystem } from "../platform.js";

/** A checked `manifest.yaml`, `manifest.yml` or `manifest.json`. */
export interface Manifest {
  readonly kind: Kind;
  /** `github.com/<org>/<repo>/<path...>`. */
  readonly source: string;
  /** Semver 2. */
  readonly version: string;
  readonly displayName?: string;
  readonly description?: string;
  /** Path of an SVG in the package. */
  readonly iconFile?: string;
  /** What the package can start, one per platform. */
  readonly artifacts: readonly ManifestArtifact[];
  readonly entrypoint: ManifestEntrypoint;
  /** Source manifests only. */
  readonly release?: { readonly build?: ReleaseBuild };
  readonly spec?: ManifestSpec;
}

export interface ManifestArtifact {
  readonly os: OperatingSystem;
  readonly arch: Architecture;
  /** Path in the package. */
  readonly path: string;
  /** 64 lower-case hex digits; always there in a released manifest. */
  readonly sha256?: string;
  readonly libc?: "musl";
}

export interface ManifestEntrypoint {
  /** The path of one of the artifacts. */
  readonly artifactPath: string;
  readonly args?: readonly string[];
}

/** What is run in the package's folder before it is packaged. */
export interface ReleaseBuild {
  readonly command: readonly string[];
  readonly workdir?: string;
}

export interface ManifestSpec {
  /** Path of a JSON Schema in the package, JSON or YAML. */
  readonly configSchemaPath?: string;
}

/** A `source` manifest is the author's, a `released` one stands in an archive. */
export type ManifestMode = "source" | "released";
