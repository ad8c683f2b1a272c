import { readFile, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { invalid, messageOf } from "./refuse.js";

/** Where a program usually begins. */
const usualEntries = ["src/main.ts", "src/main.mts", "src/main.js", "src/main.mjs"];

interface PackageJson {
  readonly source?: unknown;
  readonly bin?: unknown;
  readonly main?: unknown;
}

/**
 * Finds the program's first file. Sources come before what was built of them: a build may be older than they are.
 *
 * @param given what the author named; relative to the folder
 * @returns its path relative to the folder, with forward slashes
 */
export async function findEntry(folder: string, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    if (await isFile(resolve(folder, given))) return relativePath(folder, given);
    throw invalid(
      `--entry ${given}: there is no such file in ${folder}; the path is relative to that folder`,
    );
  }
  const { source, bin, main } = await readPackageJson(folder);
  const candidates: (readonly [name: string, path: string])[] = [
    ...named("source in package.json", source),
    ...usualEntries.map((path) => [path, path] as const),
    ...named("bin in package.json", onlyBin(bin)),
    ...named("main in package.json", main),
  ];
  for (const [, path] of candidates)
    if (await isFile(resolve(folder, path))) return relativePath(folder, path);
  const tried = candidates.map(([name, path]) => (name === path ? path : `${path} (${name})`)).join(", ");
  throw invalid(`no program in ${folder}: there is none of ${tried}; name its first file with --entry`);
}

async function readPackageJson(folder: string): Promise<PackageJson> {
  const path = join(folder, "package.json");
  let text;
  try {
    text = await readFile(path, "utf8");
  } catch {
    // A package's folder need not be an npm package.
    return {};
  }
  try {
    return JSON.parse(text) as PackageJson;
  } catch (error) {
    throw invalid(`${path} is no JSON: ${messageOf(error)}`, error);
  }
}

/** A package with several commands does not say which one is the provider. */
function onlyBin(bin: unknown): unknown {
  if (typeof bin !== "object" || bin === null) return bin;
  const paths = Object.values(bin);
  return paths.length === 1 ? paths[0] : undefined;
}

function named(name: string, path: unknown): (readonly [string, string])[] {
  return typeof path === "string" && path !== "" ? [[name, path]] : [];
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

function relativePath(folder: string, path: string): string {
  return relative(folder, resolve(folder, path)).split(sep).join("/");
}
