import { chmod } from "node:fs/promises";
import { defineConfig } from "tsup";

/** The program that the manifest's entrypoint names, and beside it what only some starts need. */
export default defineConfig({
  entry: { "process-runtime": "src/main.ts" },
  format: "esm",
  outExtension: () => ({ js: ".mjs" }),
  target: "node20",
  platform: "node",
  // All but the parser of .proto files, which grpc-js would load for channelz alone: the SDK has that off.
  noExternal: [/^(?!@grpc\/proto-loader$)/],
  external: ["@grpc/proto-loader"],
  // The checker of configurations and the reader of images are read when they are needed.
  splitting: true,
  sourcemap: false,
  keepNames: true,
  // Half of a start is reading the program. Names stay as they are, in stack traces too.
  esbuildOptions: (options) => void Object.assign(options, { minifyWhitespace: true, lineLimit: 200 }),
  // Bundled CommonJS packages call require for Node.js's own modules.
  banner: {
    js: '#!/usr/bin/env node\nimport { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
  },
  onSuccess: () => chmod("dist/process-runtime.mjs", 0o755),
});
