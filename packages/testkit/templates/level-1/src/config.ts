import type { JsonObject } from "@gestalt-runtime/sdk";

/** The operator's configuration as `config.schema.json` lets it through, defaults filled in. */
export interface Config {
  readonly workingDirectory?: string;
  readonly stopGraceMs: number;
}

/** Trusts the schema, which the SDK has checked before. */
export function readConfig(config: JsonObject): Config {
  return config as unknown as Config;
}
