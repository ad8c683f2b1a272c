import { join, resolve } from "node:path";
import { builtinNamespace } from "./builtins.js";
import { leftOutNamespace } from "./unused-parser.js";
import { stableName, type InstalledPackage, type PackageLookup } from "./packages.js";

/** What the virtual first module of a bundle is called; it imports the entry, whose exports nobody wants. */
export const start = "program";

/** The bundler's names of modules that are no files. */
export function isVirtual(name: string): boolean {
  return [builtinNamespace, leftOutNamespace].some((one) => name.startsWith(`${one}:`)) || name === start;
}

/** What modules are called: the author's own by their path in the package, others `name@version/path`. */
export class Naming {
  readonly #root: string;
  readonly #packages: PackageLookup;
  readonly #own: string | undefined;
  readonly #byStableName = new Map<string, InstalledPackage>();

  constructor(root: string, packages: PackageLookup) {
    this.#root = root;
    this.#packages = packages;
    this.#own = packages.of(join(root, "package.json"))?.folder;
  }

  /** @param name the bundler's, relative to the package's folder */
  stableNameOf(name: string): string {
    const one = this.foreignPackageOf(name);
    if (one === undefined) return name;
    const stable = stableName(one, resolve(this.#root, name));
    this.#byStableName.set(stable, one);
    return stable;
  }

  /** The package that a module comes from; undefined for the author's own. */
  foreignPackageOf(name: string): InstalledPackage | undefined {
    if (isVirtual(name)) return undefined;
    const one = this.#packages.of(resolve(this.#root, name));
    return one === undefined || one.folder === this.#own ? undefined : one;
  }

  /** @param stable what `stableNameOf` gave */
  packageNamed(stable: string): InstalledPackage | undefined {
    return this.#byStableName.get(stable);
  }
}
