import { readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Manifest } from "../lint/manifest/types.js";
import { invalid } from "./refuse.js";

/** A file of an archive. */
export interface CarriedFile {
  /** In the archive. */
  readonly path: string;
  readonly content: string | Buffer;
}

/** Reads the files of the package's folder that the manifest names and every archive carries: schema and icon. */
export async function readCarriedFiles(folder: string, manifest: Manifest): Promise<CarriedFile[]> {
  const named: (readonly [field: string, path: string | undefined])[] = [
    ["spec.configSchemaPath", manifest.spec?.configSchemaPath],
    ["iconFile", manifest.iconFile],
  ];
  const files: CarriedFile[] = [];
  for (const [field, path] of named)
    if (path !== undefined) files.push({ path, content: await readInside(folder, field, path) });
  return files;
}

async function readInside(folder: string, field: string, path: string): Promise<Buffer> {
  const file = join(folder, path);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true)
    throw invalid(
      `${field} ${path}: there is no such file in ${folder}; write the path of one, or take the field out`,
    );
  // The archive holds what the link leads to; what lies outside was hardly meant to be published.
  const [real, root] = await Promise.all([realpath(file), realpath(folder)]);
  if (!real.startsWith(root + sep))
    throw invalid(`${field} ${path} leads outside the package, to ${real}; put a copy into the package`);
  return readFile(file);
}
