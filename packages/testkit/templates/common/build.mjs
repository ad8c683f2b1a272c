// One executable file with everything in it: what the manifest's entrypoint names, and the debugger maps to sources.
import { chmod } from "node:fs/promises";
import { build } from "esbuild";

const outfile = "dist/__NAME__.mjs";

await build({
  entryPoints: ["src/main.ts"],
  outfile,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  keepNames: true,
  // Half of a start is reading the program. Names stay as they are.
  minifyWhitespace: true,
  lineLimit: 200,
  // The parser of .proto files, which grpc-js would load for channelz alone: the SDK has that off.
  external: ["@grpc/proto-loader"],
  sourcemap: true,
  // Bundled CommonJS packages call require for Node.js's own modules.
  banner: {
    js: '#!/usr/bin/env node\nimport { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
  },
});
await chmod(outfile, 0o755);
