import type { Cursor } from "../text/cursor.js";

const single = [
  "additionalItems",
  "additionalProperties",
  "contains",
  "contentSchema",
  "else",
  "if",
  "items",
  "not",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
];
const lists = ["allOf", "anyOf", "items", "oneOf", "prefixItems"];
const maps = ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

/** Every keyword of every draft; what else stands in a schema is read by nobody. */
export const keywords: readonly string[] = [
  ...new Set([
    ...single,
    ...lists,
    ...maps,
    ...[
      "$anchor",
      "$comment",
      "$dynamicAnchor",
      "$dynamicRef",
      "$id",
      "$recursiveAnchor",
      "$recursiveRef",
      "$ref",
    ],
    ...[
      "$schema",
      "$vocabulary",
      "const",
      "contentEncoding",
      "contentMediaType",
      "default",
      "dependentRequired",
    ],
    ...[
      "deprecated",
      "description",
      "enum",
      "examples",
      "exclusiveMaximum",
      "exclusiveMinimum",
      "format",
      "id",
    ],
    ...[
      "maxContains",
      "maximum",
      "maxItems",
      "maxLength",
      "maxProperties",
      "minContains",
      "minimum",
      "minItems",
    ],
    ...["minLength", "minProperties", "multipleOf", "pattern", "readOnly", "required", "title", "type"],
    ...["uniqueItems", "writeOnly"],
  ]),
];

/** A schema that stands in another, or the whole. */
export interface Subschema {
  readonly at: Cursor;
  /** The nearest schema at or above it with an `$id`, else the whole: what `#` means here. */
  readonly resource: Cursor;
  /** The URI that relative references are resolved against. */
  readonly base: string;
}

/** A document's own address where its schema says none. */
export const ownBase = "schema:///config";

/** Every schema in a document, the whole first. */
export function* subschemas(root: Cursor): Generator<Subschema> {
  yield* walk({ at: root, resource: root, base: ownBase });
}

function* walk(outer: Subschema): Generator<Subschema> {
  const { at } = outer;
  if (!at.isMap) return;
  const here = enter(outer);
  yield here;
  const inner = (child: Cursor): Generator<Subschema> => walk({ ...here, at: child });
  for (const name of single) yield* inner(at.field(name));
  for (const name of lists) for (const item of at.field(name).items) yield* inner(item);
  for (const name of maps) for (const field of at.field(name).fields) yield* inner(field);
}

function enter(outer: Subschema): Subschema {
  const id = outer.at.field("$id").value;
  if (typeof id !== "string" || id.startsWith("#") || !URL.canParse(id, outer.base)) return outer;
  return { at: outer.at, resource: outer.at, base: new URL(id, outer.base).href };
}
