import type { Finding } from "../finding.js";
import { lintManifestDocument, type LintManifestOptions } from "../manifest/lint-manifest.js";
import { runRules, type Rule } from "../rule.js";
import { lintSchemaOf } from "../schema/lint-schema.js";
import { SourceDocument } from "../text/source-document.js";
import type { Archive } from "./archive.js";
import { entryRules } from "./entry-rules.js";
import { manifestsIn, packageRules } from "./package-rules.js";
import { readArchive, type ReadArchiveOptions } from "./read-archive.js";

/** Every rule for archives by themselves. */
export const archiveRules: readonly Rule<Archive>[] = [...entryRules, ...packageRules];

export type LintArchiveOptions = ReadArchiveOptions & Pick<LintManifestOptions, "kinds">;

/** An archive that was looked through. */
export interface CheckedArchive {
  readonly archive: Archive;
  /** The manifest that the host reads; undefined where there is none. */
  readonly manifest: SourceDocument | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Checks one archive: its entries, its manifest, the artifacts and the schema that the manifest names.
 *
 * @throws RuntimeProviderError NOT_FOUND where there is no such file
 */
export async function lintArchive(path: string, options: LintArchiveOptions = {}): Promise<CheckedArchive> {
  const archive = await readArchive(path, options);
  const findings = await runRules(archiveRules, archive);
  const manifest = archive.fault === undefined ? await manifestOf(archive) : undefined;
  if (manifest !== undefined) {
    const { files } = archive;
    findings.push(
      ...(await lintManifestDocument(manifest, {
        mode: "released",
        files,
        ...(options.kinds && { kinds: options.kinds }),
      })),
      ...(await lintSchemaOf(manifest, files)),
    );
  }
  return { archive, manifest, findings: findings.map(withoutFix) };
}

/** The manifest that the host reads, with its place in the archive as its name. */
export async function manifestOf(archive: Archive): Promise<SourceDocument | undefined> {
  const [name] = await manifestsIn(archive);
  const text = name === undefined ? undefined : await (await archive.files.find(name))?.text();
  return name === undefined || text === undefined
    ? undefined
    : new SourceDocument(archive.files.nameOf(name), text);
}

/** What is packed is made anew, not edited. */
function withoutFix(finding: Finding): Finding {
  const { file, line, column, ruleId, severity, message, suggestion } = finding;
  return { file, line, column, ruleId, severity, message, suggestion };
}
