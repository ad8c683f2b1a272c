import type { Kind } from "../identity.js";
import type { Architecture, OperatingSystem } from "../platform.js";

/** A checked `manifest.yaml`, `manifest.yml` or `manifest.json`. */
export interface Manifest {
  /** What the package is, such as `runtime`. */
  readonly kind: Kind;
  /** `github.com/<org>/<repo>/<path...>`. */
  readonly source: string;
  /** Semver 2. */
  readonly version: string;
  /** The package's name for people. */
  readonly displayName?: string;
  /** A sentence or two for people. */
  readonly description?: string;
  /** Path of an SVG in the package. */
  readonly iconFile?: string;
  /** What the package can start, one per platform. */
  readonly artifacts: readonly ManifestArtifact[];
  /** What the host starts. */
  readonly entrypoint: ManifestEntrypoint;
  /** Source manifests only. */
  readonly release?: { readonly build?: ReleaseBuild };
  /** What depends on the kind of package. */
  readonly spec?: ManifestSpec;
}

/** A program for one platform. */
export interface ManifestArtifact {
  /** By its Go name. */
  readonly os: OperatingSystem;
  /** By its Go name. */
  readonly arch: Architecture;
  /** Path in the package. */
  readonly path: string;
  /** 64 lower-case hex digits; always there in a released manifest. */
  readonly sha256?: string;
  readonly libc?: "musl";
}

/** How the package's program is started. */
export interface ManifestEntrypoint {
  /** The path of one of the artifacts. */
  readonly artifactPath: string;
  /** Its arguments, as they are. Default: none. */
  readonly args?: readonly string[];
}

/** What is run in the package's folder before it is packaged. */
export interface ReleaseBuild {
  /** The program and its arguments; no shell. */
  readonly command: readonly string[];
  /** Relative to the package's folder. Default: that folder. */
  readonly workdir?: string;
}

/** What a runtime provider says of itself beyond its program. */
export interface ManifestSpec {
  /** Path of a JSON Schema in the package, JSON or YAML. */
  readonly configSchemaPath?: string;
}

/** A `source` manifest is the author's, a `released` one stands in an archive. */
export type ManifestMode = "source" | "released";
