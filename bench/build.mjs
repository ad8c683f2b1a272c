// Bundles the driver and its subjects. Floor and provider are built alike, as the examples are: one ESM file each.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

await build({
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  entryPoints: {
    main: "src/main.ts",
    "bridge-origin": "subjects/bridge-origin.ts",
    bridge: "subjects/bridge.ts",
    "proxy-origin": "subjects/proxy-origin.ts",
    "egress-proxy": "subjects/egress-proxy.ts",
    "bare-server": "subjects/bare-server.ts",
    "level1-provider": "subjects/level1-provider.ts",
    "level2-provider": "subjects/level2-provider.ts",
    "busy-sessions": "subjects/busy-sessions.ts",
    "log-writer": "subjects/log-writer.ts",
    "log-host": "subjects/log-host.ts",
    "sdk-log-forwarder": "subjects/sdk-log-forwarder.ts",
    "bare-log-forwarder": "subjects/bare-log-forwarder.ts",
  },
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
});
