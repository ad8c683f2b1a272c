// `node scripts/conformance-pages.mjs`: writes docs/requirements.md and docs/checks.md from the conformance suite's data. A
// check compares them, so that the pages are always the suite's.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { format, resolveConfig } from "prettier";
import { root } from "./lib/root.mjs";

const source = "packages/testkit/src/conformance/docs/pages.ts";
// Where the testkit's packages are found.
const built = join(root, "packages/testkit/node_modules/.cache/conformance-pages.mjs");

/** What the pages are to be, by their file. @returns {Promise<Record<string, string>>} */
export async function conformancePages() {
  await build({
    entryPoints: [join(root, source)],
    outfile: built,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
  });
  /** @type {{ generatedPages: () => Record<string, string> }} */
  const { generatedPages } = await import(pathToFileURL(built).href);
  const pages = Object.entries(generatedPages()).map(async ([file, text]) => [
    file,
    await format(
      `<!-- Written by scripts/conformance-pages.mjs from packages/testkit/src/conformance: change that. -->\n\n${text}`,
      { ...(await resolveConfig(join(root, file))), parser: "markdown" },
    ),
  ]);
  return Object.fromEntries(await Promise.all(pages));
}

/** Those pages that are not what they are to be. @returns {Promise<string[]>} */
export async function stalePages() {
  /** @type {string[]} */
  const stale = [];
  for (const [file, text] of Object.entries(await conformancePages()))
    if ((await readFile(join(root, file), "utf8").catch(() => "")) !== text) stale.push(file);
  return stale;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  for (const [file, text] of Object.entries(await conformancePages()))
    await writeFile(join(root, file), text);
