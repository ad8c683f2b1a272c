import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Manifest } from "../lint/manifest/types.js";
import { hashFile } from "../lint/package/folder-files.js";
import { formatPlatform } from "../lint/platform.js";
import { packArchive, stage } from "./archive.js";
import type { Licences } from "./bundle/licences.js";
import type { CarriedFile } from "./carried-files.js";
import { makeExecutable } from "./executable/make-executable.js";
import { isOwn, type NodeBinary } from "./executable/node-binary.js";
import type { Program } from "./program.js";
import { invalid } from "./refuse.js";
import { manifestFile, releasedManifest } from "./released-manifest.js";
import { smokeRun } from "./smoke-run.js";
import type { Target } from "./targets.js";
import { withTemporaryFolder } from "./temporary-folder.js";
import type { PackagedArchive } from "./types.js";

/** Where an archive holds the licences of what is in it. */
export const licencesFile = "third-party-licenses.txt";

/** The host's installer takes no larger archive. */
const maxArchiveBytes = 512 * 1024 * 1024;

export interface ArchiveOptions {
  readonly manifest: Manifest;
  /** The package's name: what follows its source's last slash. */
  readonly name: string;
  readonly version: string;
  readonly target: Target;
  readonly program: Program;
  readonly licences: Licences;
  readonly carried: readonly CarriedFile[];
  /** The Node.js for an executable; undefined for a script. */
  readonly node: { readonly inside: NodeBinary; readonly builder: NodeBinary } | undefined;
  /** Where the archive is written. */
  readonly file: string;
}

/** Makes one platform's archive of a temporary folder that looks as the host will have it unpacked. */
export async function makeArchive(options: ArchiveOptions): Promise<Omit<PackagedArchive, "file">> {
  const { target, file, node, manifest, version, carried, licences } = options;
  const { platform, artifactPath } = target;
  return withTemporaryFolder(tmpdir(), "gestalt-package-", async (folder) => {
    const artifact = join(folder, artifactPath);
    await stage(folder, [...carried, { path: licencesFile, content: licences.text }]);
    await mkdir(dirname(artifact), { recursive: true });
    await makeArtifact(artifact, options);
    const isStarted = node === undefined || isOwn(platform);
    if (isStarted) await smokeRun(artifact, manifest.entrypoint.args ?? []);
    const sha256 = await hashFile(artifact);
    const isMusl = node?.inside.isMusl ?? false;
    const text = await releasedManifest(manifest, version, { platform, path: artifactPath, sha256, isMusl });
    await stage(folder, [{ path: manifestFile, content: text }]);
    const paths = [manifestFile, licencesFile, artifactPath, ...carried.map(({ path }) => path)];
    checkPaths(paths);
    await packArchive(folder, paths, file);
    return {
      platform,
      artifactPath,
      sha256: await hashFile(file),
      bytes: await archiveBytes(file, formatPlatform(platform)),
      artifactBytes: (await stat(artifact)).size,
      node: node?.inside.version,
      started: isStarted,
    };
  });
}

async function makeArtifact(output: string, { program, node, name }: ArchiveOptions): Promise<void> {
  if (node === undefined) {
    await writeFile(output, program.code);
    await chmod(output, 0o755);
    return;
  }
  const { inside, builder } = node;
  await makeExecutable({ code: program.code, codeName: `${name}.cjs`, node: inside, builder, output });
}

function checkPaths(paths: readonly string[]): void {
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined)
    throw invalid(
      `${twice} would be in the archive twice; give the manifest's artifact, schema and icon paths of their own`,
    );
}

async function archiveBytes(file: string, platform: string): Promise<number> {
  const { size } = await stat(file);
  if (size > maxArchiveBytes)
    throw invalid(
      `the archive for ${platform} has ${size} bytes, and the host takes ${maxArchiveBytes} at most; leave out what the program does not need`,
    );
  return size;
}
