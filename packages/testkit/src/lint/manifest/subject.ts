import type { Kind } from "../identity.js";
import type { PackageFiles } from "../package/package-files.js";
import type { Platform } from "../platform.js";
import type { Cursor } from "../text/cursor.js";
import type { ManifestMode } from "./types.js";

/** What the rules for manifests look at. */
export interface ManifestSubject {
  readonly root: Cursor;
  readonly mode: ManifestMode;
  /** The package around it; undefined where only the manifest's text is at hand. */
  readonly files: PackageFiles | undefined;
  /** Which platform a script is put down for. */
  readonly platform: Platform;
  /** The kinds of package that are welcome. */
  readonly kinds: readonly Kind[];
}

/** Every field that holds a path inside the package, as far as it holds text. */
export function pathFields({ root }: ManifestSubject): Cursor[] {
  return [
    root.field("iconFile"),
    ...root.field("artifacts").items.map((artifact) => artifact.field("path")),
    root.field("entrypoint").field("artifactPath"),
    root.field("release").field("build").field("workdir"),
    root.field("spec").field("configSchemaPath"),
  ].filter(({ text }) => text !== undefined && text.trim() !== "");
}
