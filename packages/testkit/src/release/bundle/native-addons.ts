import type { Plugin } from "esbuild";
import type { PackageLookup } from "./packages.js";

/** Packages that do nothing but find a native addon's file on disk. */
const finders =
  /^(bindings|node-gyp-build|node-gyp-build-optional-packages|@mapbox\/node-pre-gyp|node-pre-gyp)$/;

/** Refuses native addons: the loader of the operating system wants them as files of their own. */
export function nativeAddons(packages: PackageLookup, allowed: ReadonlySet<string>): Plugin {
  return {
    name: "native-addons",
    setup(build) {
      build.onResolve({ filter: /\.node$/ }, ({ path, importer }) => refusal(path, importer));
      build.onResolve({ filter: finders }, ({ path, importer }) => refusal(path, importer));
    },
  };

  function refusal(path: string, importer: string) {
    const one = packages.of(importer);
    // Left out of the bundle: loading it fails at run time, as it does where it is not installed.
    if (one !== undefined && allowed.has(one.name)) return { path, external: true };
    const who = one === undefined ? importer : `dependency ${one.name} ${one.version}`;
    const text = `${who} is, or loads, a native addon (it asks for ${path}), which can't travel inside one file; take a dependency without one`;
    const escape = one === undefined ? "" : `, or if that code never runs, pass --allow ${one.name}`;
    return { errors: [{ text: `${text}${escape}` }] };
  }
}
