import type { Shape } from "../shape.js";

const text = { type: "text" } as const;

/** The fields of `provider-release.yaml`. */
export const releaseShape = {
  type: "object",
  fields: {
    schema: { ...text, required: true },
    schemaVersion: { type: "integer", required: true },
    package: { ...text, required: true },
    kind: { ...text, required: true },
    version: { ...text, required: true },
    runtime: { ...text, required: true },
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
