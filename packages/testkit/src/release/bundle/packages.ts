import { readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/** An installed npm package, as far as bundles care. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression of its package.json, if it has one. */
  readonly licence: string | undefined;
  readonly folder: string;
}

/** Tells which package a file belongs to: that of the nearest package.json with a name. */
export class PackageLookup {
  readonly #byFolder = new Map<string, InstalledPackage | undefined>();

  of(file: string): InstalledPackage | undefined {
    return this.#inFolder(dirname(file));
  }

  #inFolder(folder: string): InstalledPackage | undefined {
    if (this.#byFolder.has(folder)) return this.#byFolder.get(folder);
    const parent = dirname(folder);
    // A package.json without a name only says how the files beside it are read.
    const found = readPackage(folder) ?? (parent === folder ? undefined : this.#inFolder(parent));
    this.#byFolder.set(folder, found);
    return found;
  }
}

/** `name@version/path`: what a file is called wherever it is installed. */
export function stableName(one: InstalledPackage, file: string): string {
  return `${one.name}@${one.version}/${relative(one.folder, file).split(sep).join("/")}`;
}

function readPackage(folder: string): InstalledPackage | undefined {
  let manifest: Record<string, unknown>;
  try {
    manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { name, version, license } = manifest;
  if (typeof name !== "string") return undefined;
  return {
    name,
    version: typeof version === "string" ? version : "0.0.0",
    licence: typeof license === "string" ? license : undefined,
    folder,
  };
}
