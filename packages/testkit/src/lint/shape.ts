import { quoteText, renameField } from "./text/edits.js";
import type { Cursor } from "./text/cursor.js";
import { fieldAt, valueAt, type Fault, type Rule } from "./rule.js";
import { closest, sameLetters } from "./similar.js";

/** What a document may hold: names, types, and which of them must be there. */
export type Shape =
  | { readonly type: "text" | "integer" | "boolean" | "any" }
  | { readonly type: "list"; readonly of: Shape; readonly nonEmpty?: boolean }
  /** Any names, all of one shape. */
  | { readonly type: "map"; readonly of: Shape }
  /** `open` leaves unknown names alone. */
  | { readonly type: "object"; readonly fields: Readonly<Record<string, Field>>; readonly open?: boolean };

export type Field = Shape & { readonly required?: boolean };

type Problem = "unknown" | "missing" | "type" | "empty" | "bare";

/**
 * The rules that every document of a shape is under: known names only, types, what must be there.
 *
 * @param area begins the rules' ids
 * @param what names the document in sentences: "a manifest"
 */
export function shapeRules<Subject>(
  area: string,
  what: string,
  shapeOf: (subject: Subject) => { readonly root: Cursor; readonly shape: Shape },
): Rule<Subject>[] {
  const faultsOf = (problem: Problem) =>
    function* (subject: Subject): Generator<Fault> {
      const { root, shape } = shapeOf(subject);
      for (const fault of walk(root, shape, what)) if (fault.problem === problem) yield fault;
    };
  return [
    {
      id: `${area}/unknown-field`,
      severity: "error",
      demands: `${what} holds only fields that the host knows, at every depth`,
      fixes: "writes a name right that differs in case, dashes or underscores only",
      check: faultsOf("unknown"),
    },
    {
      id: `${area}/required`,
      severity: "error",
      demands: `${what} holds every field that the host wants, and not empty`,
      check: faultsOf("missing"),
    },
    {
      id: `${area}/type`,
      severity: "error",
      demands: "each field is of the type that the host reads",
      check: faultsOf("type"),
    },
    {
      id: `${area}/empty-field`,
      severity: "warning",
      demands: "a field that is there has a value; the host takes an empty one for none",
      check: faultsOf("empty"),
    },
    {
      id: `${area}/bare-text`,
      severity: "warning",
      demands:
        "text that reads as a number or a truth value is in quotes, since other readers than the host see no text",
      fixes: "puts it in quotes",
      check: faultsOf("bare"),
    },
  ];
}

function* walk(at: Cursor, shape: Shape, what: string): Generator<Fault & { problem: Problem }> {
  switch (shape.type) {
    case "any":
      return;
    case "object":
      if (at.isMap) yield* walkObject(at, shape, what);
      else
        yield wrongType(
          at,
          "a map of fields",
          `write ${Object.keys(shape.fields).slice(0, 3).join(", ")} and so on below it`,
        );
      return;
    case "map":
      if (!at.isMap) yield wrongType(at, "a map", "write one name per line, each with its value");
      for (const field of at.fields) yield* walk(field, shape.of, what);
      return;
    case "list":
      if (!Array.isArray(at.value)) {
        const hint =
          at.text === undefined ? "write its items, each after a dash" : `write [${JSON.stringify(at.text)}]`;
        yield wrongType(at, "a list", hint);
      }
      for (const item of at.items) yield* walk(item, shape.of, what);
      return;
    case "integer":
      if (!Number.isInteger(at.value))
        yield wrongType(at, "a whole number", "write the number without quotes");
      return;
    case "boolean":
      if (typeof at.value !== "boolean")
        yield wrongType(at, "true or false", "write true or false without quotes");
      return;
    case "text":
      yield* walkText(at);
  }
}

function* walkObject(
  at: Cursor,
  shape: Shape & { type: "object" },
  what: string,
): Generator<Fault & { problem: Problem }> {
  for (const field of at.fields) {
    const known = Object.hasOwn(shape.fields, field.name) ? shape.fields[field.name] : undefined;
    if (known === undefined) {
      if (shape.open !== true) yield unknownField(field, shape, what);
    } else if (field.exists) yield* walk(field, known, what);
    else if (known.required !== true) yield emptyField(field);
  }
  for (const [name, known] of Object.entries(shape.fields)) {
    const field = at.field(name);
    if (known.required === true && isEmpty(field, known)) yield missing(field, field.value !== undefined);
  }
}

function* walkText(at: Cursor): Generator<Fault & { problem: Problem }> {
  const { value, text } = at;
  if (typeof value === "string") return;
  if (text === undefined || at.document.syntax === "json")
    yield wrongType(at, "text", text === undefined ? "write one text" : `write ${JSON.stringify(text)}`);
  else
    yield {
      problem: "bare",
      at: valueAt(at),
      message: `${at.label} is text, but ${text} without quotes reads as a ${typeof value}`,
      suggestion: `write ${JSON.stringify(text)}`,
      fix: quoteText(at),
    };
}

function isEmpty(at: Cursor, shape: Shape): boolean {
  if (!at.exists) return true;
  if (shape.type === "text") return at.text?.trim() === "";
  return shape.type === "list" && shape.nonEmpty === true && Array.isArray(at.value) && at.items.length === 0;
}

function missing(field: Cursor, isThere: boolean): Fault & { problem: Problem } {
  return {
    problem: "missing",
    at: isThere ? valueAt(field) : fieldAt(field),
    message: isThere ? `${field.label} is empty` : `${field.label} is missing`,
    suggestion: isThere ? "write its value" : `add ${field.name}`,
  };
}

function emptyField(field: Cursor): Fault & { problem: Problem } {
  return {
    problem: "empty",
    at: fieldAt(field),
    message: `${field.label} has no value`,
    suggestion: "write its value, or leave the field out",
  };
}

function wrongType(at: Cursor, expected: string, suggestion: string): Fault & { problem: Problem } {
  const subject = at.path.length === 0 ? "the document" : at.label;
  return {
    problem: "type",
    at: valueAt(at),
    message: `${subject} is ${typeName(at.value)}, not ${expected}`,
    suggestion,
  };
}

function unknownField(
  field: Cursor,
  shape: Shape & { type: "object" },
  what: string,
): Fault & { problem: Problem } {
  const known = Object.keys(shape.fields);
  const same = known.find(
    (name) => sameLetters(name, field.name) && field.parent.field(name).value === undefined,
  );
  const similar = same ?? closest(field.name, known);
  const home = similar === undefined ? homeOf(field.name, shape) : undefined;
  return {
    problem: "unknown",
    at: fieldAt(field),
    message: `${field.label} is no field of ${what}`,
    suggestion:
      similar !== undefined
        ? `write ${similar}`
        : home !== undefined
          ? `move it below ${home}`
          : `take it out; known here: ${known.join(", ")}`,
    fix: same === undefined ? undefined : renameField(field, same),
  };
}

/** Where below this level a name that does not belong here does. */
function homeOf(name: string, shape: Shape & { type: "object" }): string | undefined {
  for (const [field, inner] of Object.entries(shape.fields)) {
    if (inner.type !== "object") continue;
    if (Object.hasOwn(inner.fields, name)) return field;
    const deeper = homeOf(name, inner);
    if (deeper !== undefined) return `${field}.${deeper}`;
  }
  return undefined;
}

function typeName(value: unknown): string {
  if (value === undefined || value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : typeof value === "string" ? "text" : `a ${typeof value}`;
}
