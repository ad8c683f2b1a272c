import { stringify } from "yaml";
import { parseManifest } from "../lint/manifest/read-manifest.js";
import type { Manifest } from "../lint/manifest/types.js";
import type { Platform } from "../lint/platform.js";

export interface ReleasedArtifact {
  readonly platform: Platform;
  readonly path: string;
  readonly sha256: string;
  readonly isMusl: boolean;
}

/** What the host finds in an archive's root: the manifest for one platform alone. */
export const manifestFile = "manifest.yaml";

/**
 * Writes an archive's manifest: with the release's version, without `release`, with the one artifact that the
 * entrypoint starts.
 *
 * @throws RuntimeProviderError where the host would refuse it, which it must not come to
 */
export async function releasedManifest(
  source: Manifest,
  version: string,
  { platform, path, sha256, isMusl }: ReleasedArtifact,
): Promise<string> {
  const { kind, displayName, description, iconFile, entrypoint, spec } = source;
  const text = toYaml({
    kind,
    source: source.source,
    version,
    displayName,
    description,
    iconFile,
    artifacts: [{ os: platform.os, arch: platform.arch, path, sha256, libc: isMusl ? "musl" : undefined }],
    entrypoint: { artifactPath: path, args: entrypoint.args },
    spec,
  });
  await parseManifest(text, manifestFile, { mode: "released" });
  return text;
}

/** Text in quotes throughout, so that no reader takes a version for a number or a name for a truth value. */
export function toYaml(value: object): string {
  return stringify(value, { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 });
}
