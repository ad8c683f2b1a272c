import { mkdir, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { maxArchiveBytes } from "../lint/archive/entry-rules.js";
import {
  currentPlatform,
  describeFinding,
  formatPlatform,
  lintArchive,
  readManifest,
  readProviderRelease,
  type Finding,
  type Manifest,
  type ProviderRelease,
} from "../lint/index.js";
import { manifestNames } from "../lint/archive/package-rules.js";
import { hashFile, readPackageFile } from "../lint/package/folder-files.js";
import { InstallRefusedError, refusing } from "./refusal.js";
import { unpack } from "./unpack.js";

/** A package whose files lie in a folder, as the host would start it. */
export interface PlacedPackage {
  readonly manifest: Manifest;
  /** Holds the manifest and everything that it names. */
  readonly folder: string;
  /** What the host takes, but not as it is written. */
  readonly warnings: readonly string[];
}

/**
 * Installs a release for this machine's platform: the metadata, the archive's hash, every entry, the manifest and
 * the artifact's hash are checked, and the archive is unpacked.
 *
 * @param path of `provider-release.yaml`
 * @param folder where it is unpacked to; it is made
 * @throws {@link InstallRefusedError} for whatever the host refuses
 */
export async function placeRelease(path: string, folder: string): Promise<PlacedPackage> {
  const release = await refusing("package", readProviderRelease(path));
  const archive = await ownArchive(path, release);
  const { findings } = await lintArchive(archive);
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw refusal(`${archive} is refused`, errors.map(inWords));
  await mkdir(folder, { recursive: true });
  await unpack(archive, folder);
  // Once more, now of what has been unpacked: the artifact's hash is that of the file that is started.
  const manifest = await readPlacedManifest(folder);
  mustAgree(path, release, manifest);
  mustBeForThisMachine(manifest);
  const warnings = findings.filter(({ severity }) => severity === "warning").map(inWords);
  return { manifest, folder, warnings };
}

async function ownArchive(path: string, { artifacts }: ProviderRelease): Promise<string> {
  const platform = formatPlatform(currentPlatform());
  const artifact = artifacts[platform];
  if (artifact === undefined)
    throw refusal(`${path} has no archive for this machine`, [
      `it is ${platform}, and the release has ${Object.keys(artifacts).sort().join(", ")}; package it for ${platform} too`,
    ]);
  if (/^https?:/i.test(artifact.path))
    throw refusal(`${path} names an archive that is not at hand`, [
      `${artifact.path} is a URL, which this host does not fetch; download it, and write its file name`,
    ]);
  const archive = isAbsolute(artifact.path) ? artifact.path : join(dirname(path), artifact.path);
  const stats = await stat(archive).catch(() => undefined);
  if (stats?.isFile() !== true)
    throw refusal(`${path} names an archive that is not there`, [
      `${archive}; put it there, or package the provider again`,
    ]);
  if (stats.size > maxArchiveBytes)
    throw refusal(`${archive} is refused`, [
      `it is ${stats.size} bytes long, and the host takes ${maxArchiveBytes}`,
    ]);
  const sha256 = await hashFile(archive);
  if (sha256 !== artifact.sha256.toLowerCase())
    throw refusal(`${archive} is not the archive that ${basename(path)} means`, [
      `its sha256 is ${sha256}, and ${artifact.sha256} is expected; package the provider again`,
    ]);
  return archive;
}

async function readPlacedManifest(folder: string): Promise<Manifest> {
  for (const name of manifestNames)
    if ((await readPackageFile(join(folder, name))) !== undefined)
      return refusing("package", readManifest(join(folder, name), { mode: "released" }));
  throw refusal("the archive is refused", ["it holds no manifest; pack manifest.yaml at its root"]);
}

function mustAgree(path: string, release: ProviderRelease, manifest: Manifest): void {
  const differing = (
    [
      ["package", release.package, "source", manifest.source],
      ["kind", release.kind, "kind", manifest.kind],
      ["version", release.version, "version", manifest.version],
    ] as const
  ).filter(([, here, , there]) => here !== there);
  if (differing.length > 0)
    throw refusal(
      `${path} is refused: it is not of the archive's manifest`,
      differing.map(
        ([field, here, there, value]) =>
          `${field} is ${here}, and ${there} in the manifest is ${value}; package the provider again`,
      ),
    );
}

function mustBeForThisMachine({ artifacts }: Manifest): void {
  const platform = formatPlatform(currentPlatform());
  if (!artifacts.some((artifact) => formatPlatform(artifact) === platform))
    throw refusal("the archive is refused", [
      `its manifest has no artifact for ${platform}; package the provider again`,
    ]);
}

function inWords(finding: Finding): string {
  return `${finding.file}:${describeFinding(finding)}`;
}

function refusal(what: string, reasons: readonly string[]): InstallRefusedError {
  const [only, ...more] = reasons;
  return new InstallRefusedError(
    "package",
    more.length === 0
      ? `${what}: ${only ?? ""}`
      : `${what}:${reasons.map((reason) => `\n  ${reason}`).join("")}`,
  );
}
