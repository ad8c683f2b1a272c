import type { PackagedRelease, PackageOptions } from "./types.js";

export type { ArtifactKind, PackagedArchive, PackagedRelease, PackageOptions } from "./types.js";

/**
 * Makes the release that a host installs: of a package's folder, with a manifest and a program, a folder with one
 * archive for each platform, `provider-release.yaml` and `checksums.txt`.
 *
 *     const { metadata } = await packageProvider({ folder: "packages/my-runtime", artifact: "script" });
 *
 * Bundles the program into one file, refuses what can't work as one, puts it into a copy of Node.js (or makes a
 * script of it), starts it once, and packs it with its config schema, its icon and the licences of what it holds.
 * The same input and the same Node.js give the same bytes. A release that fails leaves the earlier one as it was.
 *
 * @throws RuntimeProviderError INVALID_ARGUMENT where the options, the manifest or the program are at fault, with
 *   every fault and its mend; FAILED_PRECONDITION where this machine lacks something
 */
export async function packageProvider(options: PackageOptions): Promise<PackagedRelease> {
  // The bundler and all that goes with it: whoever imports the testkit for its host does not wait for them.
  const { packageFolder } = await import("./package-folder.js");
  return packageFolder(options);
}
