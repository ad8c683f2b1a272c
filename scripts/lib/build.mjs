import { readFileSync } from "node:fs";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { delimiter } from "node:path";
import { quietly, tool } from "./commands.mjs";
import { inputsDigest } from "./digest.mjs";
import { buildOtherLanguages } from "./other-languages.mjs";
import { root } from "./root.mjs";
import { step } from "./steps.mjs";
import { packagesInOrder } from "./workspace.mjs";

/** @typedef {{ packages: boolean, fixtures: boolean }} What */

/** Builds the packages whose sources, or whose packages' sources, changed since they were built; then the fixtures. */
export async function build(/** @type {What} */ what) {
  if (what.packages) {
    /** @type {Map<string, string>} */
    const digests = new Map();
    for (const one of packagesInOrder()) {
      const digest = await inputsDigest(
        one,
        one.needs.map((name) => digests.get(name) ?? ""),
      );
      digests.set(one.name, digest);
      if (await isBuilt(one, digest)) continue;
      await step(`build ${one.name}`, () => buildPackage(one, digest));
    }
  }
  if (what.fixtures)
    await step("bundle the programs that tests start", async () => {
      await quietly(process.execPath, ["scripts/build-fixtures.mjs"]);
    });
  if (what.fixtures) await buildOtherLanguages();
}

/** @param {import("./workspace.mjs").Package} one @param {string} digest */
async function buildPackage(one, digest) {
  const startedMs = Date.now();
  const bins = [join(one.folder, "node_modules", ".bin"), dirname(tool("tsup"))];
  await quietly(one.build, [], {
    cwd: one.folder,
    shell: true,
    env: { PATH: [...bins, process.env.PATH].join(delimiter) },
  });
  // What an earlier build left would be published, and could be imported by mistake.
  for (const file of await filesUnder(join(one.folder, "dist")))
    if ((await stat(file)).mtimeMs < startedMs - 1) await rm(file);
  const files = await filesUnder(join(one.folder, "dist"));
  await mkdir(dirname(stampPath(one)), { recursive: true });
  await writeFile(stampPath(one), JSON.stringify({ digest, files: await sizes(files) }));
}

/** @param {import("./workspace.mjs").Package} one @param {string} digest */
async function isBuilt(one, digest) {
  try {
    const stamp = JSON.parse(readFileSync(stampPath(one), "utf8"));
    const now = await sizes(await filesUnder(join(one.folder, "dist")));
    return stamp.digest === digest && JSON.stringify(stamp.files) === JSON.stringify(now);
  } catch {
    return false;
  }
}

/** @param {import("./workspace.mjs").Package} one */
function stampPath(one) {
  return join(root, "node_modules", ".cache", "builds", `${one.name.replaceAll("/", "+")}.json`);
}

/** @param {readonly string[]} files @returns {Promise<[string, number, number][]>} path, size, time of change */
function sizes(files) {
  return Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return [file, size, mtimeMs];
    }),
  );
}

/** @param {string} folder @returns {Promise<string[]>} */
async function filesUnder(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
