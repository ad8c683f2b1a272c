import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, extname, resolve, sep } from "node:path";
import type { Loader, Plugin } from "esbuild";
import type { PackageLookup } from "./packages.js";

const named = /\bnew\s+URL\(\s*(["'`])(\.{1,2}\/[^"'`$\\]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;

/** How an asset's URL begins in a bundle; the audit finds it by it. */
export const assetUrl = /^data:[a-z/-]+;name=([^;,]+);base64,/;

const mediaTypes: Readonly<Record<string, string>> = {
  ".json": "application/json",
  ".yaml": "application/yaml",
  ".yml": "application/yaml",
};

/**
 * Puts files that a module names beside itself, `new URL("./file", import.meta.url)`, into the bundle: the URL becomes
 * a `data:` URL that holds the file. The SDK's `jsonSchemaFile` and `readAsset` read both kinds of URL.
 *
 * What names no file of the module's own package is left alone; the audit refuses it.
 *
 * @param root absolute, the author's own package, which need not be an npm package
 */
export function assets(root: string, packages: PackageLookup): Plugin {
  return {
    name: "assets",
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: "file" }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        const texts = new Map<string, string>();
        for (const [whole, , name = ""] of text.matchAll(named)) {
          const url = await toDataUrl(path, name, packages.of(path)?.folder ?? root);
          if (url !== undefined) texts.set(whole, `new URL(${JSON.stringify(url)})`);
        }
        if (texts.size === 0) return undefined;
        return {
          contents: text.replace(named, (whole) => texts.get(whole) ?? whole),
          loader: loaderOf(path),
        };
      });
    },
  };
}

async function toDataUrl(importer: string, name: string, root: string): Promise<string | undefined> {
  const path = await realpath(resolve(dirname(importer), decodeURIComponent(name))).catch(() => undefined);
  if (path?.startsWith(root + sep) !== true || !(await stat(path)).isFile()) return undefined;
  const mediaType = mediaTypes[extname(path)] ?? "application/octet-stream";
  const content = (await readFile(path)).toString("base64");
  return `data:${mediaType};name=${encodeURIComponent(name)};base64,${content}`;
}

/** A module's language by its name, as esbuild itself tells it. */
function loaderOf(path: string): Loader {
  const [, language = "js", jsx = ""] = /\.[cm]?([jt]s)(x?)$/.exec(path) ?? [];
  return `${language}${jsx}` as Loader;
}
