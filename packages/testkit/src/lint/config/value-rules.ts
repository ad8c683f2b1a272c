import { isOpen, isSecret } from "../text/variables.js";
import type { ErrorObject } from "ajv";
import { cleanPath, packagePathFault } from "../package-path.js";
import { checkerOf, defaultDraft, draftOf } from "../schema/draft.js";
import { SourceDocument } from "../text/source-document.js";
import { fieldAt, valueAt, type Fault, type Rule } from "../rule.js";
import type { Cursor } from "../text/cursor.js";
import { quoteText } from "../text/edits.js";
import { runtimeEntries, type ConfigEntry, type ConfigSubject } from "./subject.js";

/** What is handed to a provider as its config. */
export const valueRules: readonly Rule<ConfigSubject>[] = [
  {
    id: "config/schema",
    severity: "error",
    demands:
      "a provider's config keeps to the provider's schema, where that is at hand; a fault stops the whole host (LIFE-3)",
    async *check(subject) {
      for (const entry of runtimeEntries(subject)) yield* schemaFaults(entry);
    },
  },
  {
    id: "config/config-map",
    severity: "error",
    demands: "a provider's config is a map",
    *check(subject) {
      for (const { at } of runtimeEntries(subject)) {
        const config = at.field("config");
        if (config.exists && !config.isMap && !isOpen(String(config.value)))
          yield {
            at: valueAt(config),
            message: `${config.label} is no map`,
            suggestion: "write one field per line below it",
          };
      }
    },
  },
  {
    id: "config/number-precision",
    severity: "warning",
    demands: "whole numbers in a config are at most 2^53: all arrive as doubles (LIFE-3)",
    *check(subject) {
      for (const { at } of runtimeEntries(subject))
        for (const leaf of leaves(at.field("config")))
          if (
            typeof leaf.value === "number" &&
            /^[-+]?\d+$/.test(leaf.text ?? "") &&
            !Number.isSafeInteger(leaf.value)
          )
            yield {
              at: valueAt(leaf),
              message: `${leaf.label} ${leaf.text ?? ""} arrives as ${leaf.value}: numbers are doubles (LIFE-3)`,
              suggestion: "write it in quotes, if the provider takes text",
            };
    },
  },
  {
    id: "config/bare-date",
    severity: "warning",
    demands: "dates in a config are in quotes: without, they arrive with a time (LIFE-3)",
    fixes: "puts the date in quotes",
    *check(subject) {
      for (const { at } of runtimeEntries(subject))
        for (const leaf of leaves(at.field("config")))
          if (leaf.scalar?.type === "PLAIN" && /^\d{4}-\d\d-\d\d$/.test(leaf.scalar.source ?? ""))
            yield {
              at: valueAt(leaf),
              message: `${leaf.label} without quotes arrives as ${leaf.text ?? ""}T00:00:00Z (LIFE-3)`,
              suggestion: `write ${JSON.stringify(leaf.text)}`,
              fix: quoteText(leaf),
            };
    },
  },
];

function* leaves(at: Cursor): Generator<Cursor> {
  if (at.isMap) for (const field of at.fields) yield* leaves(field);
  else if (Array.isArray(at.value)) for (const item of at.items) yield* leaves(item);
  else if (at.exists) yield at;
}

async function* schemaFaults({ at, package: found }: ConfigEntry): AsyncGenerator<Fault> {
  const schema = found === undefined ? undefined : await schemaOf(found);
  const config = at.field("config");
  if (schema === undefined || (config.exists && !config.isMap)) return;
  const { $schema } = schema as { $schema?: unknown };
  const draft = typeof $schema === "string" ? draftOf($schema) : defaultDraft;
  const checker = draft === undefined ? undefined : await checkerOf(draft);
  if (checker === undefined) return;
  try {
    if (checker.validate(schema, config.value ?? {})) return;
  } catch {
    // Of the schema's own faults its own rules tell.
    return;
  }
  const seen = new Set<string>();
  for (const error of checker.errors ?? []) {
    const fault = describeError(config, error);
    if (fault === undefined || seen.has(fault.message)) continue;
    seen.add(fault.message);
    yield fault;
  }
}

async function schemaOf({
  manifest,
  files,
}: NonNullable<ConfigEntry["package"]>): Promise<object | undefined> {
  const path = cleanPath(manifest?.root.field("spec").field("configSchemaPath").text ?? ".");
  if (packagePathFault(path) !== undefined) return undefined;
  const text = await (await files?.find(path))?.text();
  const value = text === undefined ? undefined : new SourceDocument(path, text).value;
  return typeof value === "object" && value !== null ? value : undefined;
}

function describeError(
  config: Cursor,
  { instancePath, keyword, message, params }: ErrorObject,
): Fault | undefined {
  const steps = instancePath
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const at = steps.reduce(
    (cursor: Cursor, step) =>
      Array.isArray(cursor.value) ? (cursor.items[Number(step)] ?? cursor) : cursor.field(step),
    config,
  );
  // What the host puts there is not known here; nor what a secret is.
  if ((typeof at.value === "string" && isOpen(at.value)) || isSecret(at.value)) return undefined;
  const given = params as Record<string, unknown>;
  switch (keyword) {
    case "required": {
      const field = at.field(String(given.missingProperty));
      return { at: fieldAt(field), message: `${field.label} is missing`, suggestion: `add ${field.name}` };
    }
    case "additionalProperties":
    case "unevaluatedProperties": {
      const field = at.field(String(given.additionalProperty ?? given.unevaluatedProperty));
      return {
        at: fieldAt(field),
        message: `${field.label} is not in the provider's schema`,
        suggestion: "take it out",
      };
    }
    case "enum":
      return wrong(at, `write one of ${JSON.stringify(given.allowedValues)}`);
    case "const":
      return wrong(at, `write ${JSON.stringify(given.allowedValue)}`);
    case "if":
      return undefined;
    default:
      return {
        at: valueAt(at),
        message: `${at.label} ${message ?? `breaks ${keyword}`}`,
        suggestion: "write what the provider's schema takes",
      };
  }
}

function wrong(at: Cursor, suggestion: string): Fault {
  return {
    at: valueAt(at),
    message: `${at.label} ${JSON.stringify(at.value)} is not in the provider's schema`,
    suggestion,
  };
}
