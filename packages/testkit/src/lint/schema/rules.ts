import type { ErrorObject } from "ajv";
import { fieldAt, valueAt, type Fault, type Rule } from "../rule.js";
import { closest } from "../similar.js";
import type { Cursor } from "../text/cursor.js";
import { replaceText } from "../text/edits.js";
import { schemaErrors, defaultDraft, draftMeant, draftOf, type Draft } from "./draft.js";
import { brokenReferences } from "./references.js";
import { keywords, subschemas } from "./walk.js";
import { goPatternFault } from "./go-pattern.js";

/** What the rules for config schemas look at. */
export interface SchemaSubject {
  readonly root: Cursor;
}

function draftIn(root: Cursor): Draft | undefined {
  const { value } = root.field("$schema");
  return value === undefined ? defaultDraft : typeof value === "string" ? draftOf(value) : undefined;
}

/** What a config schema is under. */
export const schemaRules: readonly Rule<SchemaSubject>[] = [
  {
    id: "schema/object",
    severity: "error",
    demands: "a config schema is a map, and takes objects, which every config is",
    *check({ root }) {
      if (!root.isMap)
        yield {
          at: valueAt(root),
          message: "it is no JSON Schema: a map is expected",
          suggestion: "begin it with type: object",
        };
      const type = root.field("type");
      const types = typeof type.value === "string" ? [type.value] : type.items.map(({ text }) => text);
      if (types.length > 0 && !types.includes("object"))
        yield {
          at: valueAt(type),
          message: `it takes ${types.join(" or ")}, but a config is always an object`,
          suggestion: "write type: object",
        };
    },
  },
  {
    id: "schema/draft",
    severity: "error",
    demands: "$schema names a draft of JSON Schema that the host knows; left out it is 2020-12",
    fixes: "writes the draft's address right",
    *check({ root }) {
      const at = root.field("$schema");
      if (!root.isMap || at.value === undefined || draftIn(root) !== undefined) return;
      const meant = at.text === undefined ? undefined : draftMeant(at.text);
      yield {
        at: valueAt(at),
        message: `$schema ${JSON.stringify(at.value)} is no draft that the host knows`,
        suggestion: `write ${(meant ?? defaultDraft).uri}`,
        fix: meant === undefined ? undefined : replaceText(at, meant.uri),
      };
    },
  },
  {
    id: "schema/sdk-draft",
    severity: "warning",
    demands: "the draft is one that the SDK's own check reads too: 2020-12 or draft-07",
    *check({ root }) {
      const draft = draftIn(root);
      if (draft !== undefined && !draft.inSdk)
        yield {
          at: valueAt(root.field("$schema")),
          message: `draft ${draft.name} is read by the host, but not by jsonSchema() of the SDK`,
          suggestion: `write the schema in draft 2020-12 (${defaultDraft.uri})`,
        };
    },
  },
  {
    id: "schema/valid",
    severity: "error",
    demands: "the schema is valid by its draft",
    async *check({ root }) {
      const draft = draftIn(root);
      if (root.isMap && draft !== undefined)
        yield* describeErrors(root, await schemaErrors(root.value as object, draft));
    },
  },
  {
    id: "schema/self-contained",
    severity: "error",
    demands: "no $ref leads out of the document: the host would look for a file in its own working directory",
    *check({ root }) {
      for (const { at, type } of brokenReferences(root))
        if (type === "outside")
          yield {
            at: valueAt(at),
            message: `${at.name} ${JSON.stringify(at.value)} leads out of the schema; the host resolves it against its own working directory`,
            suggestion: 'move what it names below $defs, and write "#/$defs/<name>"',
          };
    },
  },
  {
    id: "schema/reference",
    severity: "error",
    demands: "every $ref leads to something",
    *check({ root }) {
      const names = root.field("$defs").fields.map(({ name }) => name);
      for (const { at, type } of brokenReferences(root)) {
        if (type !== "missing") continue;
        const similar = closest(String(at.value).split("/").at(-1) ?? "", names);
        yield {
          at: valueAt(at),
          message: `${at.name} ${JSON.stringify(at.value)} leads to nothing`,
          suggestion: similar === undefined ? "add what it names below $defs" : `write "#/$defs/${similar}"`,
        };
      }
    },
  },
  {
    id: "schema/pattern",
    severity: "error",
    demands:
      "patterns are regular expressions that Go reads too: no look-ahead, no look-behind, no back reference, no \\u",
    *check({ root }) {
      for (const { at } of subschemas(root)) {
        const pattern = at.field("pattern");
        if (typeof pattern.value === "string") yield* patternFault(valueAt(pattern), pattern.value);
        for (const field of at.field("patternProperties").fields)
          yield* patternFault(fieldAt(field), field.name);
      }
    },
  },
  {
    id: "schema/keyword",
    severity: "warning",
    demands: "a schema holds only keywords of JSON Schema; others are read by nobody",
    *check({ root }) {
      for (const { at } of subschemas(root))
        for (const field of at.fields) {
          if (keywords.includes(field.name) || field.name.startsWith("x-")) continue;
          const similar = closest(field.name, keywords);
          yield {
            at: fieldAt(field),
            message: `${field.name} is no keyword of JSON Schema, so it checks nothing`,
            suggestion: similar === undefined ? "take it out, or call it x-..." : `write ${similar}`,
          };
        }
    },
  },
  {
    id: "schema/required-unknown",
    severity: "warning",
    demands: "what is required is also declared, where nothing else may be there",
    *check({ root }) {
      for (const { at } of subschemas(root)) {
        if (at.field("additionalProperties").value !== false || at.field("patternProperties").exists)
          continue;
        for (const item of at.field("required").items)
          if (typeof item.value === "string" && at.field("properties").field(item.value).value === undefined)
            yield {
              at: valueAt(item),
              message: `${item.value} is required, but additionalProperties: false refuses it: no config can pass`,
              suggestion: `add ${item.value} to properties, or take it out of required`,
            };
      }
    },
  },
];

function* patternFault(at: Fault["at"], pattern: string): Generator<Fault> {
  const fault = goPatternFault(pattern);
  if (fault !== undefined)
    yield {
      at,
      message: `pattern ${JSON.stringify(pattern)} ${fault}`,
      suggestion: "write one that Go and JavaScript both read",
    };
}

/** One fault per place: what lies behind an anyOf comes as several errors. */
function* describeErrors(root: Cursor, errors: readonly ErrorObject[]): Generator<Fault> {
  const seen = new Set<string>();
  for (const { instancePath, message = "is wrong", keyword, params } of errors) {
    if (seen.has(instancePath) || ["$ref", "$dynamicRef", "allOf", "if"].includes(keyword)) continue;
    seen.add(instancePath);
    const at = instancePath
      .split("/")
      .slice(1)
      .reduce(
        (cursor: Cursor, step) => descend(cursor, step.replaceAll("~1", "/").replaceAll("~0", "~")),
        root,
      );
    const isType = at.name === "type";
    yield {
      at: valueAt(at),
      message: isType
        ? `${at.label} ${JSON.stringify(at.value)} is no type of JSON Schema`
        : `${at.label || "the schema"} ${message}`,
      suggestion: isType
        ? typeSuggestion(at)
        : keyword === "format"
          ? "write a regular expression"
          : keyword === "enum"
            ? `write one of ${JSON.stringify((params as { allowedValues?: unknown }).allowedValues)}`
            : "write what JSON Schema wants there",
    };
  }
}

function typeSuggestion(at: Cursor): string {
  const types = ["array", "boolean", "integer", "null", "number", "object", "string"];
  const meant = {
    int: "integer",
    bool: "boolean",
    float: "number",
    map: "object",
    text: "string",
    list: "array",
  };
  const text = String(at.value);
  const right = Object.hasOwn(meant, text) ? meant[text as keyof typeof meant] : closest(text, types);
  return right === undefined ? `write one of ${types.join(", ")}` : `write ${right}`;
}

function descend(at: Cursor, step: string): Cursor {
  return Array.isArray(at.value) ? (at.items[Number(step)] ?? at) : at.field(step);
}
