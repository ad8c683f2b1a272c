import { chmod } from "node:fs/promises";
import { defineConfig } from "tsup";

const fixturePlugin = "plugins/fixture-plugin";

export default defineConfig([
  {
    entry: { index: "src/index.ts", cli: "src/cli/main.ts", vitest: "src/vitest/index.ts" },
    format: "esm",
    target: "node20",
    dts: true,
    sourcemap: true,
    clean: false,
  },
  {
    // One file that runs by itself, as an author ships a plugin.
    entry: { [fixturePlugin]: `src/${fixturePlugin}.ts` },
    format: "esm",
    target: "node20",
    outExtension: () => ({ js: ".mjs" }),
    noExternal: [/.*/],
    splitting: false,
    dts: false,
    sourcemap: false,
    clean: false,
    banner: {
      js: '#!/usr/bin/env node\nimport { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
    },
    onSuccess: () => chmod(`dist/${fixturePlugin}.mjs`, 0o755),
  },
]);
