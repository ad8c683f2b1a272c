import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.mjs";

/**
 * @typedef {object} Package
 * @property {string} name
 * @property {string} folder
 * @property {string} build the script
 * @property {boolean} private
 * @property {readonly string[]} needs names of the workspace's packages that must be built before
 */

/** The workspace's packages that have something to build, each after those that it needs. @returns {Package[]} */
export function packagesInOrder() {
  const all = folders().map(read);
  const names = new Set(all.map(({ name }) => name));
  const waiting = all.map((one) => ({ ...one, needs: one.needs.filter((name) => names.has(name)) }));
  /** @type {Package[]} */
  const ordered = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex((one) =>
      one.needs.every((name) => ordered.some((earlier) => earlier.name === name)),
    );
    if (next === -1)
      throw new Error(`packages need each other: ${waiting.map(({ name }) => name).join(", ")}`);
    ordered.push(...waiting.splice(next, 1));
  }
  return ordered.filter(({ build }) => build !== "");
}

/** Folders of packages that have TypeScript to check. */
export function foldersWithTypes() {
  return folders().filter((folder) => existsSync(join(folder, "tsconfig.json")));
}

/** Folders that pnpm-workspace.yaml lists: `name` or `name/*`. */
function folders() {
  const yaml = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8");
  const list = /^packages:\n((?: {2}- .+\n)+)/m.exec(yaml)?.[1] ?? "";
  return [...list.matchAll(/^ {2}- (.+)$/gm)]
    .map(([, pattern = ""]) => pattern)
    .flatMap((pattern) => {
      const parent = join(root, pattern.replace(/\/\*$/, ""));
      if (!pattern.endsWith("/*")) return [parent];
      return existsSync(parent) ? readdirSync(parent).map((name) => join(parent, name)) : [];
    })
    .filter((folder) => existsSync(join(folder, "package.json")));
}

/** @param {string} folder @returns {Package} */
function read(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return {
    name: manifest.name,
    folder,
    build: manifest.scripts?.build ?? "",
    private: manifest.private === true,
    needs: Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }),
  };
}
