import { readdir, readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { lintArchive } from "../archive/lint-archive.js";
import type { Finding } from "../finding.js";
import type { Kind } from "../identity.js";
import { hashFile, readPackageFile } from "../package/folder-files.js";
import { runRules, type Rule } from "../rule.js";
import type { Cursor } from "../text/cursor.js";
import { readDocument } from "../text/read-document.js";
import { checksumRules, folderRules } from "./folder-rules.js";
import { lintMetadataDocument } from "./lint-metadata.js";
import type { Checksums, PlatformArchive, ReleaseSubject } from "./subject.js";

/** Every rule for a release as a whole. */
export const releaseRules: readonly Rule<ReleaseSubject>[] = [...folderRules, ...checksumRules];

/**
 * Checks a release: `provider-release.yaml`, every archive that it names and is at hand, and `checksums.txt`.
 *
 * @param path of `provider-release.yaml`
 * @throws RuntimeProviderError NOT_FOUND where there is no such file
 */
export async function lintRelease(
  path: string,
  options: { readonly kinds?: readonly Kind[] } = {},
): Promise<Finding[]> {
  const document = await readDocument(path);
  const findings = await lintMetadataDocument(document, options);
  if (document.faults.length > 0) return findings;
  const { root } = document;
  const archives: PlatformArchive[] = [];
  for (const at of root.field("artifacts").fields) {
    const { findings: inArchive, ...checked } = await checkArchive(at, dirname(path), options);
    archives.push(checked);
    findings.push(...inArchive);
  }
  const subject = {
    root,
    archives,
    checksums: await readChecksums(dirname(path)),
    folder: await archivesIn(dirname(path)),
  };
  return [...findings, ...(await runRules(releaseRules, subject))];
}

async function checkArchive(
  at: Cursor,
  folder: string,
  options: { readonly kinds?: readonly Kind[] },
): Promise<PlatformArchive & { readonly findings: readonly Finding[] }> {
  const path = at.field("path").text?.trim() ?? "";
  const file =
    path === "" || /^https?:/i.test(path) ? undefined : isAbsolute(path) ? path : join(folder, path);
  const known = { at, platform: at.name, file };
  if (file === undefined || (await readPackageFile(file)) === undefined)
    return { ...known, sha256: undefined, archive: undefined, manifest: undefined, findings: [] };
  return { ...known, sha256: await hashFile(file), ...(await lintArchive(file, options)) };
}

async function readChecksums(folder: string): Promise<Checksums | undefined> {
  const file = join(folder, "checksums.txt");
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split("\n").map((content, index) => {
    const [, sha256, archive] = /^([0-9a-f]{64}) [ *](\S.*?)\r?$/.exec(content) ?? [];
    const parts = sha256 === undefined || archive === undefined ? undefined : { sha256, archive };
    return { line: index + 1, content, parts };
  });
  return { file, lines: lines.filter(({ content }) => content.trim() !== "") };
}

async function archivesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(".tar.gz")).sort();
}
