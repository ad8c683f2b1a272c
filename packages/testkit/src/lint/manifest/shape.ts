import type { Shape } from "../shape.js";

const text = { type: "text" } as const;

/** The fields of a manifest of kind runtime. */
export const manifestShape = {
  type: "object",
  fields: {
    kind: { ...text, required: true, example: "runtime" },
    source: { ...text, required: true, example: "github.com/<org>/<repo>/<path>" },
    version: { ...text, required: true, example: "0.1.0" },
    displayName: text,
    description: text,
    iconFile: text,
    artifacts: {
      type: "list",
      of: {
        type: "object",
        fields: {
          os: { ...text, required: true, example: "linux" },
          arch: { ...text, required: true, example: "amd64" },
          path: { ...text, required: true, example: "bin/<name>" },
          sha256: text,
          libc: text,
        },
      },
    },
    entrypoint: {
      type: "object",
      fields: {
        artifactPath: { ...text, required: true, example: "bin/<name>" },
        args: { type: "list", of: text },
      },
    },
    release: {
      type: "object",
      fields: {
        build: {
          type: "object",
          fields: {
            command: { type: "list", of: { ...text, filled: true }, nonEmpty: true, required: true },
            workdir: text,
          },
        },
      },
    },
    spec: { type: "object", fields: { configSchemaPath: text } },
  },
} as const satisfies Shape;

/** The same for the other kinds of package, whose `spec` is theirs. */
export const otherManifestShape = {
  ...manifestShape,
  fields: { ...manifestShape.fields, spec: { type: "any" } },
} as const satisfies Shape;
