import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { build, type BuildFailure, type Message, type Metafile } from "esbuild";
import { invalid } from "../refuse.js";
import { assets } from "./assets.js";
import { builtins } from "./builtins.js";
import { nativeAddons } from "./native-addons.js";
import { Naming, isVirtual, start } from "./naming.js";
import { PackageLookup, type InstalledPackage } from "./packages.js";
import { withStableNames } from "./stable-names.js";
import { unusedParser } from "./unused-parser.js";
import { programNames, wrapping, type Layout } from "./wrap.js";

export interface BundleOptions {
  /** Absolute, the package's. */
  readonly folder: string;
  /** Relative to the folder. */
  readonly entry: string;
  readonly layout: Layout;
  /** Dependencies whose native addons never load. */
  readonly allow: ReadonlySet<string>;
  /** Whether the source map holds the sources. */
  readonly sourcesContent: boolean;
}

/** A package of which something is in a bundle. */
export interface BundledPackage extends InstalledPackage {
  /** Absolute paths of its files that are. */
  readonly files: readonly string[];
}

/** A program in one file. */
export interface Bundle {
  readonly code: string;
  /** Source map, version 3, as JSON. */
  readonly map: string;
  /** The packages of which something is in the bundle, by name and version. */
  readonly packages: readonly BundledPackage[];
  /** The package that a source of the map comes from; undefined for the author's own. */
  packageOf(source: string): InstalledPackage | undefined;
  /** What the bundler thinks is odd in the author's own code. */
  readonly oddities: readonly string[];
}

/**
 * Bundles a program with all that it imports, names as they are.
 *
 * @throws RuntimeProviderError INVALID_ARGUMENT with every fault that the bundler found
 */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  const { folder, entry, layout, allow, sourcesContent } = options;
  // Symbolic links on the way would give its own files two names.
  const root = realpathSync(folder);
  const packages = new PackageLookup();
  const result = await build({
    stdin: { contents: `import "entry:";`, sourcefile: start, resolveDir: root },
    absWorkingDir: root,
    outfile: join(root, start),
    write: false,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "esm",
    charset: "utf8",
    sourcemap: "external",
    sourcesContent,
    metafile: true,
    logLevel: "silent",
    define: programNames,
    ...jsTexts(wrapping(layout)),
    plugins: [
      entryOf(join(root, entry)),
      builtins,
      unusedParser,
      nativeAddons(packages, allow),
      assets(root, packages),
    ],
  }).catch((error: unknown) => {
    throw refusal(entry, error, new Naming(root, packages));
  });
  const naming = new Naming(root, packages);
  const text = (end: string): string => result.outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  const modules = modulesIn(result.metafile);
  return {
    code: withStableNames(text(start), new Map(modules.map((name) => [name, naming.stableNameOf(name)]))),
    map: mapWithStableNames(text(".map"), naming),
    packages: packagesIn(root, modules, naming),
    packageOf: (source) => naming.packageNamed(source),
    oddities: result.warnings.map((one) => describe(one, naming)),
  };
}

function entryOf(path: string) {
  return {
    name: "entry",
    setup(build: import("esbuild").PluginBuild) {
      // Its package may say that importing it alone has no effect.
      build.onResolve({ filter: /^entry:$/ }, () => ({ path, sideEffects: true }));
    },
  };
}

function jsTexts({ banner, footer }: ReturnType<typeof wrapping>) {
  return { banner: { js: banner }, footer: { js: footer } };
}

/** The bundler's names of the modules that made it into the bundle. */
function modulesIn(metafile: Metafile): string[] {
  return Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([name, { bytesInOutput }]) => bytesInOutput > 0 && !isVirtual(name))
    .map(([name]) => name);
}

function packagesIn(root: string, modules: readonly string[], naming: Naming): BundledPackage[] {
  const found = new Map<string, { one: InstalledPackage; files: string[] }>();
  for (const name of modules) {
    const one = naming.foreignPackageOf(name);
    if (one === undefined) continue;
    const key = `${one.name}@${one.version}`;
    const files = found.get(key)?.files ?? [];
    found.set(key, { one, files: [...files, resolve(root, name)] });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { one, files }]) => ({ ...one, files }));
}

function mapWithStableNames(text: string, naming: Naming): string {
  const map = JSON.parse(text) as { sources: string[] };
  return JSON.stringify({ ...map, sources: map.sources.map((source) => naming.stableNameOf(source)) });
}

function refusal(entry: string, error: unknown, naming: Naming): Error {
  const errors = (error as Partial<BuildFailure>).errors;
  if (errors === undefined) return error instanceof Error ? error : new Error(String(error));
  const faults = errors.map((one) => `\n  ${describe(one, naming)}`);
  return invalid(`the program ${entry} can't be put into one file:${faults.join("")}`, error);
}

function describe({ text, location }: Message, naming: Naming): string {
  const place = location === null ? "" : `${naming.stableNameOf(location.file)}:${location.line}: `;
  const mend = mendOf(text);
  return `${place}${text}${mend === "" ? "" : `; ${mend}`}`;
}

function mendOf(text: string): string {
  const missing = /^Could not resolve "([^"]+)"/.exec(text)?.[1];
  if (missing !== undefined)
    return missing.startsWith(".")
      ? "write the path of a file that is there"
      : `install ${missing}, or stop importing it`;
  if (text.startsWith("No loader is configured"))
    return `name the file with new URL("./file", import.meta.url), and read it with readAsset of @gestalt-runtime/sdk`;
  return "";
}
