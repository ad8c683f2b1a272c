import { mkdir, readdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { formatPlatform, type Platform } from "../lint/platform.js";
import { metadataFile } from "../lint/release/metadata-rules.js";
import { toYaml } from "./released-manifest.js";
import { invalid, messageOf } from "./refuse.js";
import { withTemporaryFolder } from "./temporary-folder.js";

export const checksumsFile = "checksums.txt";
export { metadataFile };

const releaseFile = /^(gestalt-plugin-.+\.tar\.gz(\.map)?|checksums\.txt|provider-release\.yaml)$/;

/** What the host's own command line calls an archive. */
export function archiveName(name: string, version: string, { os, arch }: Platform): string {
  return `gestalt-plugin-${name}_v${version}_${os}_${arch}.tar.gz`;
}

export interface ArchiveSum {
  readonly platform: Platform;
  readonly file: string;
  readonly sha256: string;
}

/** `provider-release.yaml`. */
export function releaseMetadata(source: string, version: string, archives: readonly ArchiveSum[]): string {
  return toYaml({
    schema: "gestaltd-provider-release",
    schemaVersion: 1,
    package: source,
    kind: "runtime",
    version,
    runtime: "executable",
    artifacts: Object.fromEntries(
      archives.map(({ platform, file, sha256 }) => [formatPlatform(platform), { path: file, sha256 }]),
    ),
  });
}

/** `checksums.txt`, for `sha256sum --check`. */
export function checksums(archives: readonly ArchiveSum[]): string {
  return archives.map(({ sha256, file }) => `${sha256}  ${file}\n`).join("");
}

/**
 * Refuses a folder that holds anything but an earlier release: it would be lost.
 *
 * @throws RuntimeProviderError INVALID_ARGUMENT
 */
export async function checkReleaseFolder(folder: string): Promise<void> {
  const entries = await entriesOf(folder);
  const foreign = entries?.find((name) => !releaseFile.test(name));
  if (foreign !== undefined)
    throw invalid(
      `${folder} holds ${foreign}, which is no part of a release; name an empty folder, or a new one, with --output`,
    );
}

/**
 * Fills the release's folder: either all of the new release is there afterwards, or what was there before.
 *
 * @param fill writes the files into the folder that it is given
 */
export async function replaceReleaseFolder(
  folder: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  // Beside it, since only within one file system a rename is one step.
  await withTemporaryFolder(parent, `.${basename(folder)}-`, async (work) => {
    const [made, old] = [join(work, "new"), join(work, "old")];
    await mkdir(made);
    await fill(made);
    await checkReleaseFolder(folder);
    const isThere = (await entriesOf(folder)) !== undefined;
    if (isThere) await rename(folder, old);
    await rename(made, folder).catch(async (error: unknown) => {
      if (isThere) await rename(old, folder);
      throw error;
    });
  });
}

/** Undefined where there is no such folder. */
async function entriesOf(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    const reason = code === "ENOTDIR" ? "it is no folder" : messageOf(error);
    throw invalid(`${folder} can't hold a release: ${reason}; name another folder with --output`, error);
  }
}
