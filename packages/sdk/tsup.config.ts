import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    egress: "src/egress/index.ts",
    guests: "src/guests/index.ts",
    opentelemetry: "src/opentelemetry/index.ts",
    operations: "src/operations/index.ts",
    processes: "src/processes/index.ts",
    protocol: "src/protocol/index.ts",
  },
  format: "esm",
  target: "node20",
  dts: true,
  sourcemap: true,
});
