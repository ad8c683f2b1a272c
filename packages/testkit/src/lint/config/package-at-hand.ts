import { dirname, isAbsolute, join } from "node:path";
import { lintArchive } from "../archive/lint-archive.js";
import { manifestNames } from "../archive/package-rules.js";
import type { Finding } from "../finding.js";
import { cleanPath } from "../package-path.js";
import { folderFiles, readPackageFile } from "../package/folder-files.js";
import type { PackageFiles } from "../package/package-files.js";
import { programOf, type Program } from "../package/program.js";
import { formatPlatform, type Platform } from "../platform.js";
import { metadataFile } from "../release/metadata-rules.js";
import { lintMetadataDocument } from "../release/lint-metadata.js";
import { readDocument } from "../text/read-document.js";
import type { SourceDocument } from "../text/source-document.js";
import { lastPart } from "./model.js";
import type { PackageAtHand } from "./subject.js";

/**
 * Looks into what a runtime provider's source names.
 *
 * @param file of `provider-release.yaml`, or of a manifest; undefined is returned for anything else
 * @param platform whose archive is looked into; where the release has none, its first
 */
export async function packageAtHand(file: string, platform: Platform): Promise<PackageAtHand | undefined> {
  const name = lastPart(file);
  if (name === metadataFile) return released(file, platform);
  return (manifestNames as readonly string[]).includes(name) ? fromSource(file) : undefined;
}

async function released(file: string, platform: Platform): Promise<PackageAtHand> {
  const document = await readDocument(file);
  const errors = onlyErrors(await lintMetadataDocument(document));
  const artifacts = document.root.field("artifacts");
  const own = artifacts.field(formatPlatform(platform));
  const artifact = own.exists ? own : artifacts.fields[0];
  const path = artifact?.field("path").text ?? "";
  const archive =
    path === "" || /^https?:/.test(path) ? undefined : isAbsolute(path) ? path : join(dirname(file), path);
  const nothing = { manifest: undefined, files: undefined, program: undefined, isBuiltByHost: false };
  if (archive === undefined || (await readPackageFile(archive)) === undefined) return { ...nothing, errors };
  const checked = await lintArchive(archive);
  const { files } = checked.archive;
  return {
    errors: [...errors, ...onlyErrors(checked.findings)],
    manifest: checked.manifest,
    files,
    program: await programIn(checked.manifest, files),
    isBuiltByHost: false,
  };
}

async function fromSource(file: string): Promise<PackageAtHand> {
  const manifest = await readDocument(file);
  const files = folderFiles(dirname(file));
  const builds = await Promise.all(["go.mod", "Cargo.toml"].map((name) => files.find(name)));
  const isBuiltByHost = builds.some((found) => found !== undefined);
  return {
    // Whether the host takes a manifest at all is the question there, not what is wrong in it.
    errors: [],
    manifest,
    files,
    program: await programIn(manifest, files),
    isBuiltByHost,
  };
}

async function programIn(
  manifest: SourceDocument | undefined,
  files: PackageFiles,
): Promise<Program | undefined> {
  const path = manifest?.root.field("entrypoint").field("artifactPath").text;
  const program = path === undefined ? undefined : await files.find(cleanPath(path));
  return program === undefined ? undefined : programOf(program.head);
}

function onlyErrors(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === "error");
}
