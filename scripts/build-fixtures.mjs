// Bundles every program that tests start (test/fixtures/*.ts) into one executable file beside it
// (test/.fixtures/*.mjs), as an author would ship it.
import { chmod, readdir } from "node:fs/promises";
import { join, parse } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const only = process.argv[2];

for (const group of ["packages", "examples"]) {
  for (const name of await list(join(root, group))) {
    if (only !== undefined && name !== only) continue;
    const folder = join(root, group, name, "test");
    const sources = (await list(join(folder, "fixtures"))).filter((file) => file.endsWith(".ts"));
    for (const source of sources) {
      const outfile = join(folder, ".fixtures", `${parse(source).name}.mjs`);
      await build({
        entryPoints: [join(folder, "fixtures", source)],
        outfile,
        bundle: true,
        platform: "node",
        target: "node20",
        format: "esm",
        keepNames: true,
        sourcemap: false,
        banner: {
          js: '#!/usr/bin/env node\nimport { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
        },
      });
      await chmod(outfile, 0o755);
    }
  }
}

/** @param {string} folder */
async function list(folder) {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
