import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { root } from "./root.mjs";

/** Folders at the top of a package that its build makes or does not read. */
const leftOut = new Set(["dist", "node_modules", "test", "release"]);
/** What every build reads besides. */
const shared = ["pnpm-lock.yaml", "tsconfig.base.json"];

/**
 * One text for all that a package is built from: when it is the same, so is the build.
 *
 * @param {{ folder: string }} one
 * @param {readonly string[]} digestsOfNeeds
 */
export async function inputsDigest({ folder }, digestsOfNeeds) {
  const hash = createHash("sha256");
  const add = (/** @type {string} */ name, /** @type {Buffer | string} */ content) =>
    hash.update(`${name}\0${content.length}\0`).update(content);
  add("node", process.version);
  for (const digest of digestsOfNeeds) add("need", digest);
  for (const file of [...shared.map((name) => join(root, name)), ...(await inputs(folder, leftOut))])
    add(relative(root, file), await readFile(file));
  return hash.digest("hex");
}

/** @param {string} folder @param {ReadonlySet<string>} [except] @returns {Promise<string[]>} */
async function inputs(folder, except = new Set()) {
  const found = await Promise.all(
    (await readdir(folder, { withFileTypes: true })).map((entry) => {
      if (entry.isDirectory()) return except.has(entry.name) ? [] : inputs(join(folder, entry.name));
      return entry.isFile() ? [join(folder, entry.name)] : [];
    }),
  );
  return found.flat().sort();
}
