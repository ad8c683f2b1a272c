import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { ErrorObject, ValidateFunction } from "ajv";
import { assetName, readAsset } from "../assets/read-asset.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { ConfigSchema, JsonObject } from "../provider/types.js";

/**
 * Makes a configuration's check of a JSON Schema, draft 2020-12 unless its `$schema` says otherwise.
 *
 * A function and no plain field of the provider, so that a bundle of a provider without a schema does not hold
 * the checker: parsing it alone makes a start some per cent longer.
 *
 * The schema has to be there when the program runs: import it, or read it with {@link jsonSchemaFile}.
 */
export function jsonSchema(schema: JsonObject): ConfigSchema {
  return { check: (config, providerName) => checkConfig(config, schema, providerName) };
}

/**
 * The same for a schema in a file, JSON (`.json`) or YAML, which is read when there is a configuration to check.
 *
 * @param path `new URL("./schema.json", import.meta.url)`, which packaging puts into the program (see
 *   {@link readAsset}), or a path, which is relative to the running program's folder
 */
export function jsonSchemaFile(path: string | URL): ConfigSchema {
  return { check: async (config, providerName) => checkConfig(config, await readSchema(path), providerName) };
}

/**
 * Checks a configuration against a schema and fills in the schema's defaults.
 *
 * The checker is loaded here and not before: a provider answers its first call without it.
 *
 * @returns a copy of the configuration with defaults
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT with every offending path (LIFE-3); INTERNAL where the
 *   schema itself can't be read or is none
 */
export async function checkConfig(config: JsonObject, schema: JsonObject, name: string): Promise<JsonObject> {
  const validate = await compile(schema);
  const checked = structuredClone(config);
  if (validate(checked)) return checked;
  const faults = [...new Set((validate.errors ?? []).map(describe))];
  const places = faults.length === 1 ? "1 place" : `${faults.length} places`;
  throw new RuntimeProviderError(
    "INVALID_ARGUMENT",
    `the config of runtime provider ${JSON.stringify(name)} breaks its schema in ${places}: ${faults.join("; ")}`,
  );
}

async function readSchema(schema: string | URL): Promise<JsonObject> {
  const path = schema instanceof URL ? assetName(schema) : resolve(dirname(process.argv[1] ?? "."), schema);
  try {
    const text = schema instanceof URL ? String(await readAsset(schema)) : await readFile(path, "utf8");
    const parsed = await parseSchema(text, path);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
      throw new Error("it holds no JSON Schema: an object is expected");
    return parsed as JsonObject;
  } catch (error) {
    throw new RuntimeProviderError(
      "INTERNAL",
      `the provider's config schema ${path} can't be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

async function parseSchema(text: string, path: string): Promise<unknown> {
  // JSON is YAML too, but JSON.parse says better what is wrong with it.
  if (path.endsWith(".json")) return JSON.parse(text);
  return (await import("yaml")).default.parse(text);
}

// Of a CommonJS package, a bundler that splits programs gives the default alone.
async function compile(schema: JsonObject): Promise<ValidateFunction> {
  const { $schema = "https://json-schema.org/draft/2020-12/schema" } = schema;
  const draft = typeof $schema === "string" ? /(draft-07|2020-12)\/schema#?$/.exec($schema)?.[1] : undefined;
  if (draft === undefined)
    throw new RuntimeProviderError(
      "INTERNAL",
      `the provider's config schema is written in ${JSON.stringify($schema)}; write it in draft 2020-12 or draft-07, and say so in $schema`,
    );
  const Checker =
    draft === "draft-07"
      ? (await import("ajv")).default.Ajv
      : (await import("ajv/dist/2020.js")).default.Ajv2020;
  const formats = await import("ajv-formats");
  try {
    const ajv = new Checker({ allErrors: true, strict: false, useDefaults: true });
    formats.default.default(ajv);
    return ajv.compile(schema);
  } catch (error) {
    throw new RuntimeProviderError(
      "INTERNAL",
      `the provider's config schema is no valid JSON Schema: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function describe(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  const at = error.instancePath;
  switch (error.keyword) {
    case "required":
      return `${at}/${escape(params.missingProperty)} is missing`;
    case "additionalProperties":
    case "unevaluatedProperties":
      return `${at}/${escape(params.additionalProperty ?? params.unevaluatedProperty)} is not a known field`;
    case "enum":
      return `${at || "/"} must be one of ${JSON.stringify(params.allowedValues)}`;
    case "const":
      return `${at || "/"} must be ${JSON.stringify(params.allowedValue)}`;
    default:
      return `${at || "/"} ${error.message ?? `breaks "${error.keyword}"`}`;
  }
}

/** A name as a step of a JSON Pointer, as in the paths that ajv gives. */
function escape(name: unknown): string {
  return String(name).replaceAll("~", "~0").replaceAll("/", "~1");
}
