import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { quietly, tool } from "../lib/commands.mjs";
import { pnpm } from "../lib/pnpm.mjs";
import { reports } from "../lib/root.mjs";
import { packagesInOrder } from "../lib/workspace.mjs";

/** Scripts that npm runs on the machine of whoever installs a package. */
const installScripts = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
/** What a package may hold. */
const allowed =
  /^package\/(dist\/.+|bin\/.+|schema\/.+|templates\/.+|requirements\.json|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/;
const demanded = ["package/README.md", "package/LICENSE", "package/package.json"];

/** What can be said of each package that could be published. @returns {import("./run.mjs").Check[]} */
export function packageChecks() {
  return packagesInOrder()
    .filter((one) => !one.private)
    .flatMap((one) => {
      const short = basename(one.folder);
      const packed = once(() => pack(one.folder, short));
      return [
        { name: `${short}: contents`, run: async () => checkContents(await packed()) },
        {
          name: `${short}: publint`,
          run: async () => quietly(tool("publint"), ["run", "--strict", await packed()]),
        },
        {
          // No CommonJS: the packages are ESM for Node.js alone.
          name: `${short}: types for importers`,
          run: async () => quietly(tool("attw"), ["--profile", "esm-only", "--no-emoji", await packed()]),
        },
      ];
    });
}

/** @param {string} folder @param {string} name @returns {Promise<string>} the archive's path */
async function pack(folder, name) {
  const destination = join(reports, "packages", name);
  await rm(destination, { recursive: true, force: true });
  await mkdir(destination, { recursive: true });
  await pnpm(["pack", "--pack-destination", destination], { cwd: folder });
  const [archive] = await readdir(destination);
  if (archive === undefined) throw new Error(`pnpm pack made nothing of ${folder}`);
  return join(destination, archive);
}

/** @param {string} archive */
async function checkContents(archive) {
  const files = (await quietly("tar", ["--list", "--gzip", "--file", archive])).trim().split("\n");
  const manifest = JSON.parse(
    await quietly("tar", ["--extract", "--gzip", "--to-stdout", "--file", archive, "package/package.json"]),
  );
  /** @type {Record<string, string>} */
  const dependencies = { ...manifest.dependencies, ...manifest.peerDependencies };
  const faults = [
    ...demanded.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...files.filter((file) => !allowed.test(file)).map((file) => `${file} does not belong into the package`),
    ...targets(manifest.exports)
      .filter((target) => !files.includes(join("package", target)))
      .map((target) => `exports names ${target}, which is not in the package`),
    ...(await unrunnable(archive)).map((file) => `${file} begins with #! and has no run bit`),
    ...installScripts
      .filter((script) => manifest.scripts?.[script] !== undefined)
      .map((script) => `scripts.${script} would run where the package is installed`),
    ...Object.entries(dependencies)
      .filter(([, range]) => /^(workspace|file|link):/.test(range))
      .map(([name, range]) => `${name} is at ${range}, which exists in this repository alone`),
    ...["license", "repository", "engines", "files", "description"]
      .filter((field) => manifest[field] === undefined)
      .map((field) => `package.json has no ${field}`),
  ];
  if (faults.length > 0) throw new Error(faults.join("\n"));
}

/** Programs that whoever installs the package could not start. @param {string} archive @returns {Promise<string[]>} */
async function unrunnable(archive) {
  const list = await quietly("tar", ["--list", "--verbose", "--gzip", "--file", archive]);
  const plain = list.split("\n").filter((line) => line.startsWith("-rw-") && line.endsWith(".mjs"));
  /** @type {string[]} */
  const found = [];
  for (const file of plain.map((line) => line.slice(line.lastIndexOf(" ") + 1))) {
    const args = ["--extract", "--gzip", "--to-stdout", "--file", archive, file];
    if ((await quietly("tar", args)).startsWith("#!")) found.push(file);
  }
  return found;
}

/** All files that an exports map names. @param {unknown} exports @returns {string[]} */
function targets(exports) {
  if (typeof exports === "string") return [exports];
  return typeof exports === "object" && exports !== null ? Object.values(exports).flatMap(targets) : [];
}

/** @template T @param {() => Promise<T>} work @returns {() => Promise<T>} */
function once(work) {
  /** @type {Promise<T> | undefined} */
  let result;
  return () => (result ??= work());
}
