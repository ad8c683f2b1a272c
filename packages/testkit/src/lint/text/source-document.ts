import { LineCounter, parseDocument, type Document, type YAMLError } from "yaml";
import { Cursor } from "./cursor.js";
import { maskVariables } from "./variables.js";

/** Where a step leads: a field's name, or an item's index. */
export type Path = readonly (string | number)[];

/** What makes the text no document at all. */
export interface SyntaxFault {
  readonly offset: number;
  readonly message: string;
  readonly duplicateKey: boolean;
}

/**
 * A YAML or JSON text that knows where each of its values stands.
 *
 * Both are read by the YAML parser, for the places; what counts as JSON is `JSON.parse`'s to say.
 */
export class SourceDocument {
  readonly syntax: "yaml" | "json";
  readonly faults: readonly SyntaxFault[];
  readonly document: Document;
  /** Undefined where there are faults. */
  readonly value: unknown;
  readonly #lines = new LineCounter();

  constructor(
    /** As findings name it; its ending decides between JSON (`.json`) and YAML. */
    readonly file: string,
    readonly text: string,
    /** `variables`: the host fills in `${NAME}` before it reads the text. */
    { variables = false }: { readonly variables?: boolean } = {},
  ) {
    this.syntax = file.toLowerCase().endsWith(".json") ? "json" : "yaml";
    const masked = variables ? maskVariables(text) : text;
    this.document = parseDocument(masked, { lineCounter: this.#lines, merge: true, prettyErrors: false });
    const faults =
      this.syntax === "json" ? jsonFaults(text, this.document.errors) : this.document.errors.map(toFault);
    try {
      this.value = faults.length === 0 ? (this.document.toJS() as unknown) : undefined;
    } catch (error) {
      // Too many aliases, or one that leads nowhere.
      faults.push({ offset: 0, message: messageOf(error), duplicateKey: false });
    }
    // What follows the first is mostly its consequence.
    this.faults = faults.filter(({ duplicateKey }, index) => duplicateKey || index === 0);
  }

  get root(): Cursor {
    return new Cursor(this, []);
  }

  /** Line and column, both from 1. */
  place(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

function jsonFaults(text: string, errors: readonly YAMLError[]): SyntaxFault[] {
  try {
    JSON.parse(text);
  } catch (error) {
    const message = messageOf(error);
    const at = /position (\d+)/.exec(message)?.[1];
    const plain = message.replace(/ in JSON at position \d+.*$| \(line .*\)$/s, "");
    return [
      {
        offset: at === undefined ? text.length : Number(at),
        message: `no JSON: ${plain}`,
        duplicateKey: false,
      },
    ];
  }
  return errors.filter(({ code }) => code === "DUPLICATE_KEY").map(toFault);
}

function toFault({ code, message, pos: [offset] }: YAMLError): SyntaxFault {
  const plain =
    code === "MULTIPLE_DOCS" ? "a second document begins here" : (message.split("\n")[0] ?? message);
  return { offset, message: plain, duplicateKey: code === "DUPLICATE_KEY" };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
