import type { Kind } from "../identity.js";
import type { Finding } from "../finding.js";
import { currentPlatform, type Platform } from "../platform.js";
import type { PackageFiles } from "../package/package-files.js";
import { runRules, type Rule } from "../rule.js";
import { shapeRules } from "../shape-rules.js";
import { documentRules } from "../text/document-rules.js";
import { SourceDocument } from "../text/source-document.js";
import { artifactRules } from "./artifact-rules.js";
import { hashRules, identityRules } from "./identity-rules.js";
import { pathRules } from "./path-rules.js";
import { programRules } from "./program-rules.js";
import { manifestShape, otherManifestShape } from "./shape.js";
import type { ManifestSubject } from "./subject.js";
import type { ManifestMode } from "./types.js";

/** What a manifest is checked as. */
export interface LintManifestOptions {
  /** Default `"source"`. */
  readonly mode?: ManifestMode;
  /** The package around it; without it nothing is said of files. */
  readonly files?: PackageFiles | undefined;
  /** Which platform `--fix` puts a script down for. Default: this machine's. */
  readonly platform?: Platform;
  /** The kinds of package that are welcome. Default: runtime alone. */
  readonly kinds?: readonly Kind[];
}

/** Every rule for manifests, in the order in which the docs list them. */
export const manifestRules: readonly Rule<ManifestSubject>[] = [
  ...shapeRules<ManifestSubject>("manifest", "a manifest", ({ root }) => ({
    root,
    shape: root.field("kind").text === "runtime" ? manifestShape : otherManifestShape,
  })),
  ...identityRules,
  ...pathRules,
  ...artifactRules,
  ...hashRules,
  ...programRules,
];

/** Checks a manifest's document. Its config schema is a file of its own and has rules of its own. */
export async function lintManifestDocument(
  document: SourceDocument,
  { mode = "source", files, platform = currentPlatform(), kinds = ["runtime"] }: LintManifestOptions = {},
): Promise<Finding[]> {
  const unreadable = await runRules(documentRules, document);
  if (unreadable.length > 0) return unreadable;
  return runRules(manifestRules, { root: document.root, mode, files, platform, kinds });
}
