import { readFileSync } from "node:fs";
import type { JsonObject } from "@bufbuild/protobuf";
import { parse } from "yaml";

/**
 * Reads what stands on a command line: YAML or JSON, or `@file` with either in it.
 *
 * @throws Error that says what is wrong and what to write
 */
export function readObject(text: string): JsonObject {
  const file = text.startsWith("@") ? text.slice(1) : undefined;
  let value: unknown;
  try {
    value = parse(file === undefined ? text : readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(error instanceof Error ? error.message : String(error), { cause: error });
  }
  if (value === null || value === undefined) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as JsonObject;
  throw new Error(`it must be an object, such as '{"key": "value"}', or @file with one`);
}
