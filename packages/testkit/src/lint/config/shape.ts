import type { Field, Shape } from "../shape.js";

const text = { type: "text" } as const;
const any = { type: "any" } as const;
const texts = { type: "map", of: text } as const;
const egress = { type: "object", fields: { allowedHosts: { type: "list", of: text } } } as const;

/** Where a package comes from, where that is more than one text. */
const source = {
  path: text,
  url: text,
  auth: { type: "object", fields: { token: { ...text, required: true } } },
  githubRelease: {
    type: "object",
    fields: {
      repo: { ...text, required: true },
      tag: { ...text, required: true },
      asset: { ...text, required: true },
    },
  },
} as const satisfies Record<string, Field>;

export const sourceShape = { type: "object", fields: source } as const satisfies Shape;

const hostedRuntime = {
  type: "object",
  fields: {
    provider: text,
    image: text,
    template: text,
    metadata: texts,
    imagePullAuth: { type: "object", fields: { dockerConfigJson: { ...text, required: true } } },
    pool: any,
    workspace: any,
  },
} as const satisfies Shape;

/** `runtime.providers.<name>`: every field that a runtime provider may have. */
const runtimeProvider = {
  type: "object",
  fields: {
    source: any,
    driver: text,
    default: { type: "boolean" },
    env: texts,
    egress,
    config: any,
    displayName: text,
    description: text,
    iconFile: text,
  },
} as const satisfies Shape;

/** What of an entry under `plugins` and `providers.agent` has to do with runtimes; the rest is open. */
const hosted = {
  source: any,
  config: any,
  env: texts,
  egress,
  execution: { type: "object", fields: { mode: text, runtime: hostedRuntime } },
} as const satisfies Record<string, Field>;

/**
 * An operator's config as far as it is about runtimes: those parts in full, the others open.
 *
 * @param version of `apiVersion`: from v5, `runtime` stands in place of `execution`
 */
export function configShape(version: string | undefined): Shape {
  const plugin: Shape = {
    type: "object",
    open: true,
    fields: { ...hosted, ...(version === "v5" ? { runtime: hostedRuntime } : {}) },
  };
  return {
    type: "object",
    open: true,
    fields: {
      apiVersion: any,
      server: {
        type: "object",
        open: true,
        fields: {
          public: any,
          management: any,
          baseUrl: text,
          encryptionKey: text,
          apiTokenTtl: text,
          artifactsDir: text,
          providers: any,
          providerDev: any,
          runtime: any,
          egress: { type: "object", fields: { defaultAction: text } },
          admin: any,
        },
      },
      authorization: any,
      providers: { type: "object", open: true, fields: { agent: { type: "map", of: plugin } } },
      runtime: {
        type: "object",
        fields: { providers: { type: "map", of: runtimeProvider } },
      },
      workflows: any,
      plugins: { type: "map", of: plugin },
    },
  };
}
