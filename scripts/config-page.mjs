// `node scripts/config-page.mjs`: writes docs/process-runtime-config.md from the process runtime's config schema. A check
// compares the two, so that the page is always the schema's.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { format, resolveConfig } from "prettier";
import { root } from "./lib/root.mjs";

const schemaFile = "examples/process-runtime/config.schema.json";
export const pageFile = "docs/process-runtime-config.md";

/**
 * @typedef {object} Schema
 * @property {string} [$ref]
 * @property {string} [type]
 * @property {string} [description]
 * @property {unknown} [default]
 * @property {readonly unknown[]} [enum]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {string} [pattern]
 * @property {Schema} [items]
 * @property {Record<string, Schema>} [properties]
 * @property {Schema | boolean} [additionalProperties]
 * @property {Record<string, Schema>} [$defs]
 */

/** What the page is to be. @returns {Promise<string>} */
export async function configPage() {
  /** @type {Schema} */
  const schema = JSON.parse(await readFile(join(root, schemaFile), "utf8"));
  const rows = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    rowsOf(name, field, schema),
  );
  const text = [
    "<!-- Written by scripts/config-page.mjs from the schema: change that one. -->",
    "# The process runtime's configuration",
    "",
    `Every field of \`runtime.providers.<name>.config\`, from its [schema](../${schemaFile}). All are optional; a field that`,
    "is not here is refused. What they are good for, and a whole file, is told in [the operator's guide](process-runtime.md).",
    "",
    "| field | values | default | meaning |",
    "| --- | --- | --- | --- |",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
    "",
  ].join("\n");
  const path = join(root, pageFile);
  return format(text, { ...(await resolveConfig(path)), parser: "markdown" });
}

/** @param {string} path @param {Schema} given @param {Schema} whole @returns {string[][]} */
function rowsOf(path, given, whole) {
  const field = resolve(given, whole);
  const { description } = field;
  if (description === undefined) throw new Error(`${schemaFile}: ${path} has no description; write one`);
  // A set of fields that stands elsewhere too is told there.
  const isSame = given.$ref !== undefined && path.includes(".");
  const inner = isSame ? [] : innerOf(path, field);
  const isGroup = inner.length > 0;
  const standard = field.default === undefined ? /Default: (.+?)\.?$/.exec(description)?.[1] : undefined;
  if (field.default === undefined && standard === undefined && !isGroup)
    throw new Error(
      `${schemaFile}: ${path} has no default; give one, or end the description with "Default: ..."`,
    );
  const meaning =
    standard === undefined ? description : description.slice(0, description.lastIndexOf(" Default: "));
  const shown = isGroup ? "" : (standard ?? code(field.default));
  return [
    [`\`${path}\``, valuesOf(field, isSame), escaped(shown), escaped(meaning)],
    ...inner.flatMap(([name, value]) => rowsOf(name, value, whole)),
  ];
}

/** @param {string} path @param {Schema} field @returns {[string, Schema][]} */
function innerOf(path, { properties, additionalProperties }) {
  const named = Object.entries(properties ?? {});
  if (named.length > 0) return named.map(([name, value]) => [`${path}.${name}`, value]);
  const each = typeof additionalProperties === "object" ? additionalProperties : undefined;
  return Object.entries(each?.properties ?? {}).map(([name, value]) => [`${path}.<name>.${name}`, value]);
}

/** @param {Schema} field @param {boolean} isSame @returns {string} */
function valuesOf(field, isSame) {
  const { type, minimum, maximum, pattern, additionalProperties, items } = field;
  if (isSame) return "as `limits`";
  if (field.enum !== undefined) return field.enum.map(code).join(", ");
  if (type === "array") return `list of ${items?.pattern === "^/" ? "absolute paths" : "texts"}`;
  if (type === "object") {
    const each = typeof additionalProperties === "object" ? additionalProperties : undefined;
    if (each === undefined || each.properties !== undefined) return "fields";
    return each.pattern === "^/" ? "absolute paths by name" : "texts by name";
  }
  if (type === "string") return pattern === "^/" ? "absolute path" : "text";
  const range = [
    minimum === undefined ? "" : `from ${minimum.toLocaleString("en")}`,
    maximum === undefined ? "" : `to ${maximum.toLocaleString("en")}`,
  ];
  return [type === "integer" ? "whole number" : String(type), ...range]
    .filter((part) => part !== "")
    .join(" ");
}

/** @param {Schema} field @param {Schema} whole @returns {Schema} */
function resolve({ $ref, ...own }, whole) {
  if ($ref === undefined) return own;
  const found = whole.$defs?.[$ref.replace("#/$defs/", "")];
  if (found === undefined) throw new Error(`${schemaFile}: there is no ${$ref}`);
  return { ...found, ...own };
}

/** Placeholders in angle brackets are no tags. @param {string} text @returns {string} */
function escaped(text) {
  return text.replaceAll("<", "&lt;");
}

/** @param {unknown} value @returns {string} */
function code(value) {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  await writeFile(join(root, pageFile), await configPage());
