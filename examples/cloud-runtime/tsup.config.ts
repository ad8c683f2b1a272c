import { chmod } from "node:fs/promises";
import { defineConfig } from "tsup";

/** One executable file with everything in it: what the manifest's entrypoint names. */
export default defineConfig({
  entry: { "cloud-runtime": "src/main.ts" },
  format: "esm",
  outExtension: () => ({ js: ".mjs" }),
  target: "node20",
  platform: "node",
  // All but the parser of .proto files, which grpc-js would load for channelz alone: the SDK has that off.
  noExternal: [/^(?!@grpc\/proto-loader$)/],
  external: ["@grpc/proto-loader"],
  splitting: false,
  sourcemap: false,
  keepNames: true,
  // Half of a start is reading the program. Names stay as they are, in stack traces too.
  esbuildOptions: (options) => void Object.assign(options, { minifyWhitespace: true, lineLimit: 200 }),
  // Bundled CommonJS packages call require for Node.js's own modules.
  banner: {
    js: '#!/usr/bin/env node\nimport { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
  },
  onSuccess: () => chmod("dist/cloud-runtime.mjs", 0o755),
});
