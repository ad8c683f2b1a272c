import { dirname } from "node:path";
import { lintArchive } from "./archive/lint-archive.js";
import { lintConfigDocument } from "./config/lint-config.js";
import { sortFindings, type Finding } from "./finding.js";
import type { Kind } from "./identity.js";
import { findTargets, type FileKind, type LintTarget } from "./kind.js";
import { lintManifestDocument } from "./manifest/lint-manifest.js";
import { folderFiles } from "./package/folder-files.js";
import { currentPlatform, type Platform } from "./platform.js";
import { lintRelease } from "./release/lint-release.js";
import { lintSchemaDocument, lintSchemaOf } from "./schema/lint-schema.js";
import { readDocument } from "./text/read-document.js";

/** What can't be read off the files. */
export interface LintOptions {
  /** What the files are, where they do not show it. */
  readonly kind?: FileKind;
  /** Which platform a script is put down for, and whose archive a config is checked with. Default: this machine's. */
  readonly platform?: Platform;
  /** The kinds of package that are welcome. Default: runtime alone. */
  readonly kinds?: readonly Kind[];
}

/** What was looked at, and what was found. */
export interface LintResult {
  /** The files that there are rules for. */
  readonly files: readonly string[];
  /** By file, then by place; empty where all is right. */
  readonly findings: readonly Finding[];
}

/**
 * Checks files and folders by the rules of what each is: a manifest with its config schema, a config schema, a
 * release with its archives, an archive, an operator's config.
 *
 * @throws RuntimeProviderError NOT_FOUND where nothing is at a path; INVALID_ARGUMENT where it is nothing that there
 *   are rules for
 */
export async function lintFiles(paths: readonly string[], options: LintOptions = {}): Promise<LintResult> {
  const targets = (await Promise.all(paths.map((path) => findTargets(path, options.kind)))).flat();
  const findings: Finding[] = [];
  for (const target of targets) findings.push(...(await lintTarget(target, options)));
  return { files: [...new Set(targets.map(({ path }) => path))], findings: sortFindings(unique(findings)) };
}

async function lintTarget({ path, kind }: LintTarget, options: LintOptions): Promise<readonly Finding[]> {
  const { platform = currentPlatform(), kinds = ["runtime"] } = options;
  switch (kind) {
    case "manifest": {
      const document = await readDocument(path);
      const files = folderFiles(dirname(path));
      const found = await lintManifestDocument(document, { files, platform, kinds });
      return [...found, ...(await lintSchemaOf(document, files))];
    }
    case "schema":
      return lintSchemaDocument(await readDocument(path));
    case "release":
      return lintRelease(path, { kinds });
    case "archive":
      return (await lintArchive(path, { kinds })).findings;
    case "config":
      return lintConfigDocument(await readDocument(path, { variables: true }), path, { platform });
  }
}

/** A file that was named twice, by itself and by what leads to it, is told of once. */
function unique(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}
