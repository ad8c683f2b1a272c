import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ErrorObject, ValidateFunction } from "ajv";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { JsonObject } from "../provider/types.js";

/**
 * Checks a configuration against a schema and fills in the schema's defaults.
 *
 * The checker and the YAML reader are loaded here and not before: a provider answers its first call without them.
 *
 * @returns a copy of the configuration with defaults
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT with every offending path (LIFE-3); INTERNAL where the
 *   schema itself can't be read or is none
 */
export async function checkConfig(
  config: JsonObject,
  schema: JsonObject | string | URL,
  name: string,
): Promise<JsonObject> {
  const validate = await compile(await readSchema(schema));
  const checked = structuredClone(config);
  if (validate(checked)) return checked;
  const faults = [...new Set((validate.errors ?? []).map(describe))];
  const places = faults.length === 1 ? "1 place" : `${faults.length} places`;
  throw new RuntimeProviderError(
    "INVALID_ARGUMENT",
    `the config of runtime provider ${JSON.stringify(name)} breaks its schema in ${places}: ${faults.join("; ")}`,
  );
}

async function readSchema(schema: JsonObject | string | URL): Promise<JsonObject> {
  if (typeof schema === "object" && !(schema instanceof URL)) return schema;
  const path =
    schema instanceof URL ? fileURLToPath(schema) : resolve(dirname(process.argv[1] ?? "."), schema);
  try {
    const parsed = await parseSchema(await readFile(path, "utf8"), path);
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
  return (await import("yaml")).parse(text);
}

async function compile(schema: JsonObject): Promise<ValidateFunction> {
  const draft = typeof schema.$schema === "string" ? schema.$schema : "";
  const old = /draft-0[67]/.test(draft);
  const Checker = old ? (await import("ajv")).Ajv : (await import("ajv/dist/2020.js")).Ajv2020;
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
      return `${at}/${String(params.missingProperty)} is missing`;
    case "additionalProperties":
    case "unevaluatedProperties":
      return `${at}/${String(params.additionalProperty ?? params.unevaluatedProperty)} is not a known field`;
    case "enum":
      return `${at || "/"} must be one of ${JSON.stringify(params.allowedValues)}`;
    case "const":
      return `${at || "/"} must be ${JSON.stringify(params.allowedValue)}`;
    default:
      return `${at || "/"} ${error.message ?? `breaks "${error.keyword}"`}`;
  }
}
