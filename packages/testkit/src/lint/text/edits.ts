import { isScalar, isMap, parse } from "yaml";
import type { TextEdit } from "../finding.js";
import type { Cursor } from "./cursor.js";

/** Writes another text in a scalar's place, in the quotes that it had. */
export function replaceText(at: Cursor, text: string): TextEdit[] | undefined {
  const { scalar } = at;
  if (scalar?.range == null || scalar.type === "BLOCK_LITERAL" || scalar.type === "BLOCK_FOLDED")
    return undefined;
  const [start, end] = scalar.range;
  return [{ start, end, text: quote(at, text, scalar.type) }];
}

/** Puts quotes around what is a number or a truth value without them. */
export function quoteText(at: Cursor): TextEdit[] | undefined {
  const { scalar, text } = at;
  if (scalar?.range == null || text === undefined) return undefined;
  return [{ start: scalar.range[0], end: scalar.range[1], text: JSON.stringify(text) }];
}

export function renameField(at: Cursor, name: string): TextEdit[] | undefined {
  const key = at.pair?.key;
  if (!isScalar(key) || !key.range) return undefined;
  const [start, end] = key.range;
  return [{ start, end, text: quote(at, name, key.type) }];
}

/** Writes another value in one's place, on one line; not where nothing stands. */
export function replaceValue(at: Cursor, value: unknown): TextEdit[] | undefined {
  const range = at.node?.range;
  if (!at.exists || range == null) return undefined;
  return [{ start: range[0], end: range[1], text: spaced(value) }];
}

/**
 * Adds a field to a map, before another of its fields.
 *
 * @param value what JSON has for it; in YAML's block style it is written in that style
 */
export function insertBefore(next: Cursor, name: string, value: unknown): TextEdit[] | undefined {
  const key = next.pair?.key;
  const map = next.parent.node;
  if (!isScalar(key) || !key.range || !isMap(map)) return undefined;
  const [start] = key.range;
  const { text } = next.document;
  const indent = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  if (map.flow !== true)
    return [{ start, end: start, text: blockField(name, value, " ".repeat(indent.length)) }];
  const isOwnLine = indent.trim() === "";
  const separator = isOwnLine ? `,\n${indent}` : ", ";
  const inline = next.document.syntax === "json" || key.type !== "PLAIN" ? JSON.stringify(name) : name;
  return [{ start, end: start, text: `${inline}: ${spaced(value)}${separator}` }];
}

/** Takes out a field that has lines of its own. */
export function removeField(at: Cursor): TextEdit[] | undefined {
  const key = at.pair?.key;
  const map = at.parent.node;
  const end = at.node?.range?.[1];
  if (
    !isScalar(key) ||
    !key.range ||
    !isMap(map) ||
    map.flow === true ||
    map.items.length < 2 ||
    end === undefined
  )
    return undefined;
  const { text } = at.document;
  const lineStart = text.lastIndexOf("\n", key.range[0] - 1) + 1;
  const lineEnd = text.indexOf("\n", end);
  // What stands before it is the dash of a list's item.
  if (text.slice(lineStart, key.range[0]).trim() !== "") return undefined;
  return [{ start: lineStart, end: lineEnd === -1 ? text.length : lineEnd + 1, text: "" }];
}

/**
 * Makes all edits that touch nothing in common; of two that do, the first.
 *
 * @returns the text, and which of the groups are in it
 */
export function applyEdits(
  text: string,
  groups: readonly (readonly TextEdit[])[],
): { readonly text: string; readonly applied: readonly number[] } {
  const taken: TextEdit[] = [];
  const applied: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (group.some((edit) => taken.some((other) => overlap(edit, other)))) continue;
    taken.push(...group);
    applied.push(index);
  }
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const mended = taken
    .toSorted((a, b) => b.start - a.start)
    .reduce(
      (result, { start, end, text: by }) =>
        result.slice(0, start) + by.replaceAll("\n", newline) + result.slice(end),
      text,
    );
  return { text: mended, applied };
}

function overlap(a: TextEdit, b: TextEdit): boolean {
  return a.start === b.start || (a.start < b.end && b.start < a.end);
}

function quote(at: Cursor, text: string, type: unknown): string {
  if (type === "QUOTE_SINGLE") return `'${text.replaceAll("'", "''")}'`;
  if (type === "PLAIN" && at.document.syntax === "yaml" && isPlain(text)) return text;
  return JSON.stringify(text);
}

/** Whether YAML reads a text as itself, also between brackets. */
function isPlain(text: string): boolean {
  try {
    return (
      text !== "" &&
      (parse(`[${text}]`) as unknown[])[0] === text &&
      (parse(`[${text}]`) as unknown[]).length === 1
    );
  } catch {
    return false;
  }
}

function blockField(name: string, value: unknown, indent: string): string {
  return `${[`${name}:`, ...blockLines(value, "  ")].join(`\n${indent}`)}\n${indent}`;
}

function blockLines(value: unknown, indent: string): string[] {
  if (Array.isArray(value))
    return value.flatMap((item) =>
      blockLines(item, "").map((line, index) => `${indent}${index === 0 ? "- " : "  "}${line}`),
    );
  return Object.entries(value as object).map(
    ([name, text]) => `${indent}${name}: ${scalarText(String(text))}`,
  );
}

function scalarText(text: string): string {
  return isPlain(text) ? text : JSON.stringify(text);
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .map(([name, item]) => `${JSON.stringify(name)}: ${spaced(item)}`)
      .join(", ")} }`;
  return JSON.stringify(value);
}
