import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { manifestNames } from "./archive/package-rules.js";
import { readPackageFile } from "./package/folder-files.js";
import { metadataFile } from "./release/metadata-rules.js";
import { readDocument } from "./text/read-document.js";

/** The kinds of file that there are rules for. */
export const fileKinds: readonly FileKind[] = ["manifest", "schema", "release", "archive", "config"];

/** What a file is checked as. */
export type FileKind = "manifest" | "schema" | "release" | "archive" | "config";

/** A file to check, and as what. */
export interface LintTarget {
  readonly path: string;
  readonly kind: FileKind;
}

/**
 * What there is to check at a path: the file itself, or what a folder holds of a package and of a release.
 *
 * @param kind what the file is, where it does not show
 * @throws {@link RuntimeProviderError} NOT_FOUND where nothing is; INVALID_ARGUMENT where it is nothing that there
 *   are rules for
 */
export async function findTargets(path: string, kind?: FileKind): Promise<LintTarget[]> {
  const stats = await stat(path).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuntimeProviderError("NOT_FOUND", `${path} can't be read: ${reason}`, { cause: error });
  });
  if (!stats.isDirectory()) return [{ path, kind: kind ?? (await kindOfFile(path)) }];
  const names = await readdir(path);
  const manifest = manifestNames.find((name) => names.includes(name));
  const found: LintTarget[] = [];
  if (manifest !== undefined) found.push({ path: join(path, manifest), kind: "manifest" });
  if (names.includes(metadataFile)) found.push({ path: join(path, metadataFile), kind: "release" });
  if (found.length === 0)
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      `the folder ${path} holds neither ${manifestNames.join(", ")} nor ${metadataFile}; name a file`,
    );
  return found;
}

async function kindOfFile(path: string): Promise<FileKind> {
  const head = (await readPackageFile(path))?.head;
  if (head?.[0] === 0x1f && head[1] === 0x8b) return "archive";
  const name = path.split("/").at(-1) ?? "";
  const kind = /\.(tar|tar\.gz|tgz)$/.test(name)
    ? "archive"
    : ((await kindByContent(path)) ?? kindByName(name));
  if (kind !== undefined) return kind;
  throw new RuntimeProviderError(
    "INVALID_ARGUMENT",
    `${path} does not show what it is; say it with --kind ${fileKinds.join("|")}`,
  );
}

async function kindByContent(path: string): Promise<FileKind | undefined> {
  const { root } = await readDocument(path, { variables: true });
  const has = (...names: string[]) => names.some((name) => root.field(name).value !== undefined);
  if (!root.isMap) return undefined;
  if (has("schemaVersion") || root.field("schema").text?.includes("provider-release") === true)
    return "release";
  if (has("apiVersion", "plugins", "server")) return "config";
  if (has("entrypoint", "artifacts") || (has("kind") && has("source", "version"))) return "manifest";
  if (root.field("runtime").isMap || root.field("providers").isMap) return "config";
  return has("$schema", "$id", "$defs", "properties", "type", "$ref") ? "schema" : undefined;
}

function kindByName(name: string): FileKind | undefined {
  if ((manifestNames as readonly string[]).includes(name)) return "manifest";
  if (name === metadataFile) return "release";
  if (/schema\.(json|ya?ml)$/.test(name)) return "schema";
  return /^(gestaltd?|config)\b.*\.ya?ml$/.test(name) ? "config" : undefined;
}
