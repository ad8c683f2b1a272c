import { dirname } from "node:path";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { describeFinding, sortFindings, type Finding } from "../finding.js";
import { kindOf } from "../identity.js";
import { folderFiles } from "../package/folder-files.js";
import type { Cursor } from "../text/cursor.js";
import { readDocument } from "../text/read-document.js";
import { SourceDocument } from "../text/source-document.js";
import { lintManifestDocument, type LintManifestOptions } from "./lint-manifest.js";
import type { Manifest, ManifestArtifact, ReleaseBuild } from "./types.js";

/**
 * Reads a manifest and refuses it for anything that the host would refuse.
 *
 * @param path `manifest.yaml`, `manifest.yml` or `manifest.json`
 * @throws RuntimeProviderError NOT_FOUND where there is no such file; INVALID_ARGUMENT that names every
 *   error with its place, its mend and its rule
 */
export async function readManifest(path: string, options: LintManifestOptions = {}): Promise<Manifest> {
  return checkedManifest(await readDocument(path), { files: folderFiles(dirname(path)), ...options });
}

/**
 * The same for a manifest's text, such as that of an archive; without `files`, nothing is said of those.
 *
 * @param file how the error names it; its ending decides between JSON (`.json`) and YAML
 */
export async function parseManifest(
  text: string,
  file: string,
  options: LintManifestOptions = {},
): Promise<Manifest> {
  return checkedManifest(new SourceDocument(file, text), options);
}

async function checkedManifest(document: SourceDocument, options: LintManifestOptions): Promise<Manifest> {
  refuse(document.file, "manifest", await lintManifestDocument(document, options));
  return toManifest(document.root);
}

/** @throws RuntimeProviderError INVALID_ARGUMENT for one error or more */
export function refuse(file: string, what: string, findings: readonly Finding[]): void {
  const errors = sortFindings(findings).filter(({ severity }) => severity === "error");
  if (errors.length > 0)
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      [`${file} is a ${what} that the host refuses:`, ...errors.map(describeFinding)].join("\n  "),
    );
}

function toManifest(root: Cursor): Manifest {
  const entrypoint = root.field("entrypoint");
  const build = root.field("release").field("build");
  const spec = root.field("spec");
  return {
    kind: kindOf(textOf(root.field("kind"))) ?? "runtime",
    source: textOf(root.field("source")),
    version: textOf(root.field("version")),
    ...texts(root, ["displayName", "description", "iconFile"]),
    artifacts: root
      .field("artifacts")
      .items.map(
        (artifact) =>
          texts(artifact, ["os", "arch", "path", "sha256", "libc"]) as unknown as ManifestArtifact,
      ),
    entrypoint: {
      artifactPath: textOf(entrypoint.field("artifactPath")),
      ...(entrypoint.field("args").exists && { args: entrypoint.field("args").items.map(textOf) }),
    },
    ...(root.field("release").exists && { release: build.exists ? { build: toBuild(build) } : {} }),
    ...(spec.exists && { spec: texts(spec, ["configSchemaPath"]) }),
  };
}

function toBuild(build: Cursor): ReleaseBuild {
  return { command: build.field("command").items.map(textOf), ...texts(build, ["workdir"]) };
}

function texts<Name extends string>(at: Cursor, names: readonly Name[]): Partial<Record<Name, string>> {
  const given = names.flatMap((name) => {
    const { text } = at.field(name);
    return text === undefined || text === "" ? [] : [[name, text]];
  });
  return Object.fromEntries(given) as Partial<Record<Name, string>>;
}

function textOf(at: Cursor): string {
  return at.text ?? "";
}
