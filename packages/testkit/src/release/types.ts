import type { Platform } from "../lint/platform.js";

/**
 * What the host starts: an `executable` is Node.js itself with the program inside, and runs on a machine without
 * Node.js and in the host's sandbox (PROC-10); a `script` is one file that wants `node` on the host's `PATH`.
 */
export type ArtifactKind = "executable" | "script";

/** What is to be released, and how. */
export interface PackageOptions {
  /** The folder with `manifest.yaml`, `manifest.yml` or `manifest.json`. */
  readonly folder: string;
  /** Default `"executable"`. */
  readonly artifact?: ArtifactKind;
  /** By Go's names, such as `linux/amd64`. Default: the platforms of the manifest's artifacts. */
  readonly platforms?: readonly string[];
  /** Semver 2. Default: the manifest's. */
  readonly version?: string;
  /** Folder of the release; what an earlier release left in it is replaced. Default: `release` in the package's folder. */
  readonly output?: string;
  /**
   * The program's first file, relative to the package's folder. Default: `source` in package.json, `src/main.ts` (or
   * `.mts`, `.js`, `.mjs`), the package's `bin`, its `main`; the first that is there.
   */
  readonly entry?: string;
  /**
   * The Node.js binaries that go into executables, by platform. Default: this process's own, for its platform.
   * One for another platform must be of the same version.
   */
  readonly nodeBinaries?: Readonly<Record<string, string>>;
  /** Writes a source map beside each archive. Default false. */
  readonly sourceMap?: boolean;
  /** Dependencies that may hold code that can't work in one file, since it never runs. */
  readonly allow?: readonly string[];
  /** Whether `release.build` of the manifest is run first. Default true. */
  readonly build?: boolean;
  /** Told before each step that takes a while. */
  readonly onStep?: (step: string) => void;
}

/** A finished release. */
export interface PackagedRelease {
  /** Absolute path of the folder. */
  readonly folder: string;
  /** Absolute path of `provider-release.yaml`: what the operator's configuration names. */
  readonly metadata: string;
  /** The manifest's source. */
  readonly package: string;
  /** Semver 2. */
  readonly version: string;
  /** The program's first file, relative to the package's folder. */
  readonly entry: string;
  /** One for each platform. */
  readonly archives: readonly PackagedArchive[];
  /** Sentences for the author, worst first. */
  readonly warnings: readonly string[];
}

/** One platform's part of a release. */
export interface PackagedArchive {
  /** Whom it is for. */
  readonly platform: Platform;
  /** File name in the release's folder. */
  readonly file: string;
  /** Of the archive: 64 lower-case hex digits. */
  readonly sha256: string;
  /** Size of the archive. */
  readonly bytes: number;
  /** What the host starts, in the archive. */
  readonly artifactPath: string;
  /** Size of the program in it, unpacked. */
  readonly artifactBytes: number;
  /** The version of the Node.js in it; undefined for a script. */
  readonly node: string | undefined;
  /** Whether it was started once; not where this machine can't. */
  readonly started: boolean;
}
