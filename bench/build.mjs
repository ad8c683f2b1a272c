// Bundles the driver and its subjects: one ESM file each. Floors are grpc-js as a bundler takes it; providers are built as
// the examples are, without a parser that the SDK never lets grpc-js load. `level2-whole` has it.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** @type {import("esbuild").BuildOptions} */
const alike = {
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  keepNames: true,
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
  },
};

await build({
  ...alike,
  entryPoints: {
    main: "src/main.ts",
    "bridge-origin": "subjects/bridge-origin.ts",
    bridge: "subjects/bridge.ts",
    "proxy-origin": "subjects/proxy-origin.ts",
    "egress-proxy": "subjects/egress-proxy.ts",
    "bare-server": "subjects/bare-server.ts",
    "level2-whole": "subjects/level2-provider.ts",
    "log-writer": "subjects/log-writer.ts",
    "log-host": "subjects/log-host.ts",
    "sdk-log-forwarder": "subjects/sdk-log-forwarder.ts",
    "bare-log-forwarder": "subjects/bare-log-forwarder.ts",
  },
});
await build({
  ...alike,
  external: ["@grpc/proto-loader"],
  minifyWhitespace: true,
  lineLimit: 200,
  entryPoints: {
    "level1-provider": "subjects/level1-provider.ts",
    "level2-provider": "subjects/level2-provider.ts",
    "busy-sessions": "subjects/busy-sessions.ts",
  },
});
