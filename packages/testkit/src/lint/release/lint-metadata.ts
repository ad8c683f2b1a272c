import type { Finding } from "../finding.js";
import type { Kind } from "../identity.js";
import { refuse } from "../manifest/read-manifest.js";
import { runRules, type Rule } from "../rule.js";
import { shapeRules } from "../shape-rules.js";
import type { Cursor } from "../text/cursor.js";
import { documentRules } from "../text/document-rules.js";
import { readDocument } from "../text/read-document.js";
import type { SourceDocument } from "../text/source-document.js";
import { metadataRules, type MetadataSubject } from "./metadata-rules.js";
import { releaseShape } from "./shape.js";
import type { ProviderRelease, ReleaseArtifact } from "./types.js";

/** Every rule for `provider-release.yaml` by itself. */
export const releaseMetadataRules: readonly Rule<MetadataSubject>[] = [
  ...shapeRules<MetadataSubject>(
    "release",
    "provider-release.yaml",
    ({ root }) => ({ root, shape: releaseShape }),
    { optional: false },
  ),
  ...metadataRules,
];

/** Checks `provider-release.yaml` without a look at its archives. */
export async function lintMetadataDocument(
  document: SourceDocument,
  { kinds = ["runtime"] }: { readonly kinds?: readonly Kind[] } = {},
): Promise<Finding[]> {
  const unreadable = await runRules(documentRules, document);
  if (unreadable.length > 0) return unreadable;
  return runRules(releaseMetadataRules, { root: document.root, kinds });
}

/**
 * Reads `provider-release.yaml` and refuses it for anything that the host would refuse; the archives that it names
 * are not looked at.
 *
 * @throws RuntimeProviderError NOT_FOUND where there is no such file; INVALID_ARGUMENT that names every error with
 *   its place, its mend and its rule
 */
export async function readProviderRelease(
  path: string,
  options: { readonly kinds?: readonly Kind[] } = {},
): Promise<ProviderRelease> {
  const document = await readDocument(path);
  refuse(path, "release", await lintMetadataDocument(document, options));
  return toRelease(document.root);
}

/** What a document without errors says. */
export function toRelease(root: Cursor): ProviderRelease {
  const artifacts = root
    .field("artifacts")
    .fields.map((artifact): [string, ReleaseArtifact] => [
      artifact.name,
      { path: artifact.field("path").text ?? "", sha256: artifact.field("sha256").text ?? "" },
    ]);
  return {
    ...(root.value as ProviderRelease),
    version: root.field("version").text ?? "",
    artifacts: Object.fromEntries(artifacts),
  };
}
