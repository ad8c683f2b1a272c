import type { Shape } from "../shape.js";

const text = { type: "text" } as const;

/** The fields of `provider-release.yaml`. */
export const releaseShape = {
  type: "object",
  fields: {
    schema: { ...text, required: true, example: "gestaltd-provider-release" },
    schemaVersion: { type: "integer", required: true, example: "1" },
    package: { ...text, required: true, example: "github.com/<org>/<repo>/<path>" },
    kind: { ...text, required: true, example: "runtime" },
    version: { ...text, required: true, example: "0.1.0" },
    runtime: { ...text, required: true, example: "executable" },
    artifacts: {
      type: "map",
      required: true,
      of: {
        type: "object",
        fields: { path: { ...text, required: true }, sha256: { ...text, required: true } },
      },
    },
  },
} as const satisfies Shape;
