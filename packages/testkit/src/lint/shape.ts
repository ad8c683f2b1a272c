import type { Fault } from "./rule.js";
import { fieldAt, valueAt } from "./rule.js";
import { closest, isMisspelt, sameLetters } from "./similar.js";
import type { Cursor } from "./text/cursor.js";
import { quoteText, renameField } from "./text/edits.js";
import { isOpen, isSecret } from "./text/variables.js";

/** What a document may hold: names, types, and which of them must be there. */
export type Shape =
  | { readonly type: "integer" | "boolean" | "any" }
  /** `filled` refuses one of nothing but blanks, also in a list. */
  | { readonly type: "text"; readonly filled?: boolean }
  | { readonly type: "list"; readonly of: Shape; readonly nonEmpty?: boolean }
  /** Any names, all of one shape. */
  | { readonly type: "map"; readonly of: Shape }
  /** `open` leaves unknown names alone. */
  | { readonly type: "object"; readonly fields: Readonly<Record<string, Field>>; readonly open?: boolean };

export type Field = Shape & {
  readonly required?: boolean;
  /** What its value looks like, for who has written none. */
  readonly example?: string;
};

export type Problem = "unknown" | "misspelt" | "missing" | "type" | "empty" | "bare";

export type ShapeFault = Fault & { readonly problem: Problem };

/** What is the same all over a document. */
export interface ShapeContext {
  /** Names it in sentences: "a manifest". */
  readonly what: string;
  /** `${NAME}` in a text and `{ secret: ... }` are replaced before they are read, by who knows what. */
  readonly expands: boolean;
}

/** Everything in which a document departs from its shape. */
export function* shapeFaults(at: Cursor, shape: Shape, context: ShapeContext): Generator<ShapeFault> {
  // Whatever the host puts in its place is not known here.
  if (context.expands && ((typeof at.value === "string" && isOpen(at.value)) || isSecret(at.value))) return;
  switch (shape.type) {
    case "any":
      return;
    case "object":
      if (at.isMap) yield* walkObject(at, shape, context);
      else
        yield wrongType(
          at,
          "a map of fields",
          `write ${Object.keys(shape.fields).slice(0, 3).join(", ")} and so on below it`,
        );
      return;
    case "map":
      if (!at.isMap) yield wrongType(at, "a map", "write one name per line, each with its value");
      for (const field of at.fields) yield* shapeFaults(field, shape.of, context);
      return;
    case "list":
      if (!Array.isArray(at.value)) {
        const hint =
          at.text === undefined ? "write its items, each after a dash" : `write [${JSON.stringify(at.text)}]`;
        yield wrongType(at, "a list", hint);
      }
      for (const item of at.items) yield* shapeFaults(item, shape.of, context);
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
      yield* walkText(at, shape);
  }
}

function* walkObject(
  at: Cursor,
  shape: Shape & { type: "object" },
  context: ShapeContext,
): Generator<ShapeFault> {
  for (const field of at.fields) {
    const known = Object.hasOwn(shape.fields, field.name) ? shape.fields[field.name] : undefined;
    if (known === undefined) yield* unknownField(field, shape, context);
    else if (known.required !== true && isBlank(field, known)) yield emptyField(field);
    else if (field.exists) yield* shapeFaults(field, known, context);
  }
  for (const [name, known] of Object.entries(shape.fields)) {
    const field = at.field(name);
    // A wrong spelling of it is told of already.
    if (known.required === true && isEmpty(field, known) && !isMisspelt(at, name))
      yield missing(field, field.value !== undefined, known.example);
  }
}

function* walkText(at: Cursor, shape: Shape & { type: "text" }): Generator<ShapeFault> {
  const { value, text } = at;
  if (shape.filled === true && text?.trim() === "") yield missing(at, true);
  if (typeof value === "string") return;
  if (text === undefined || at.document.syntax === "json")
    yield wrongType(
      at,
      "text",
      text === undefined ? "write it as one text" : `write ${JSON.stringify(text)}`,
    );
  else
    yield {
      problem: "bare",
      at: valueAt(at),
      message: `${at.label} is text, but ${text} without quotes reads as a ${typeof value}`,
      suggestion: `write ${JSON.stringify(text)}`,
      fix: quoteText(at),
    };
}

/** Whether the host takes it for left out. */
function isBlank(at: Cursor, shape: Shape): boolean {
  return !at.exists || (shape.type === "text" && at.text?.trim() === "");
}

/** Whether nothing stands where something has to. */
function isEmpty(at: Cursor, shape: Shape): boolean {
  if (isBlank(at, shape)) return true;
  return shape.type === "list" && shape.nonEmpty === true && Array.isArray(at.value) && at.items.length === 0;
}

function missing(field: Cursor, isThere: boolean, example?: string): ShapeFault {
  return {
    problem: "missing",
    at: isThere ? valueAt(field) : fieldAt(field),
    message: isThere ? `${field.label} is empty` : `${field.label} is missing`,
    suggestion: isThere
      ? `write ${example === undefined ? "its value" : `one such as ${example}`}`
      : `add ${field.name}${example === undefined ? "" : `: ${example}`}`,
  };
}

function emptyField(field: Cursor): ShapeFault {
  return {
    problem: "empty",
    at: fieldAt(field),
    message: `${field.label} has no value`,
    suggestion: "write its value, or leave the field out",
  };
}

function wrongType(at: Cursor, expected: string, suggestion: string): ShapeFault {
  const subject = at.path.length === 0 ? "the document" : at.label;
  return {
    problem: "type",
    at: valueAt(at),
    message: `${subject} is ${typeName(at.value)}, not ${expected}`,
    suggestion,
  };
}

function* unknownField(
  field: Cursor,
  shape: Shape & { type: "object" },
  { what }: ShapeContext,
): Generator<ShapeFault> {
  const known = Object.keys(shape.fields);
  const same = known.find((name) => sameLetters(name, field.name) && !isTaken(field, name));
  const similar = same ?? closest(field.name, known);
  const home = similar === undefined ? homeOf(field.name, shape) : undefined;
  if (shape.open === true && similar === undefined) return;
  yield {
    problem: shape.open === true ? "misspelt" : "unknown",
    at: fieldAt(field),
    message: `${field.label} is no field of ${what}`,
    suggestion: mendUnknown(field, similar, home, known),
    fix: same === undefined ? undefined : renameField(field, same),
  };
}

function mendUnknown(
  field: Cursor,
  similar: string | undefined,
  home: string | undefined,
  known: readonly string[],
) {
  if (similar !== undefined)
    return field.parent.field(similar).value === undefined
      ? `write ${similar}`
      : `take it out: ${similar} stands there already`;
  return home === undefined ? `take it out; known here: ${known.join(", ")}` : `move it below ${home}`;
}

/** Whether the right name, or another wrong one for it, stands there first. */
function isTaken(field: Cursor, name: string): boolean {
  const first = field.parent.fields.find((other) => other.name === name || sameLetters(other.name, name));
  return first?.name !== field.name || field.parent.field(name).value !== undefined;
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
