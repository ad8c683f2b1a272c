import { existsSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { quietly, tool } from "../lib/commands.mjs";
import { root } from "../lib/root.mjs";
import { packagesInOrder } from "../lib/workspace.mjs";

/** What can be said of the API reference, which TypeDoc writes from the docstrings. @type {import("./run.mjs").Check[]} */
export const apiReferenceChecks = [
  {
    name: "API reference: entry points",
    async run() {
      const faults = entryPointFaults();
      if (faults.length > 0) throw new Error(faults.join("\n"));
    },
  },
  {
    // Warnings are errors there: an export or member without a docstring, a link that leads nowhere, a type that is
    // used and not exported.
    name: "API reference: docstrings and links",
    run: () => quietly(tool("typedoc"), ["--emit", "none", "--logLevel", "Warn"], { env: { NO_COLOR: "1" } }),
  },
];

/** Packages that can be published, and entry points of theirs, that the reference leaves out. @returns {string[]} */
export function entryPointFaults() {
  const { entryPoints: folders } = readJson(join(root, "typedoc.json"));
  return packagesInOrder()
    .filter((one) => !one.private)
    .flatMap(({ folder }) => {
      const own = relative(root, folder);
      if (!folders.includes(own)) return [`typedoc.json: entryPoints lacks "${own}"`];
      /** @type {string[]} */
      const listed = readJson(join(folder, "typedoc.json")).entryPoints;
      const { exports } = readJson(join(folder, "package.json"));
      return missingEntryPoints(exports, listed, (file) => existsSync(join(folder, file))).map(
        (fault) => `${own}/typedoc.json: ${fault}`,
      );
    });
}

/**
 * @param {Record<string, string | { types?: string }>} exports
 * @param {readonly string[]} listed
 * @param {(file: string) => boolean} exists
 * @returns {string[]}
 */
export function missingEntryPoints(exports, listed, exists) {
  const wanted = Object.entries(exports).flatMap(([name, target]) => {
    const types = typeof target === "string" ? undefined : target.types;
    if (types === undefined) return [];
    const built = basename(types, ".d.ts");
    const sources = [`src/${built}.ts`, `src/${built}/index.ts`];
    return [{ name, source: sources.find(exists) ?? sources.join(" or ") }];
  });
  return [
    ...wanted
      .filter(({ source }) => !listed.includes(source))
      .map(({ name, source }) => `entryPoints lacks "${source}", which is exported as "${name}"`),
    ...listed
      .filter((file) => !wanted.some(({ source }) => source === file))
      .map((file) => `entryPoints has "${file}", which package.json does not export`),
  ];
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
