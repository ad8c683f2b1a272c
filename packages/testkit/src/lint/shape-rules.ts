import type { Fault, Rule } from "./rule.js";
import { shapeFaults, type Problem, type Shape } from "./shape.js";
import type { Cursor } from "./text/cursor.js";

/** What is special to a kind of document. */
export interface ShapeOptions {
  /** It holds levels that its shape leaves open. */
  readonly open?: boolean;
  /** `${NAME}` in a text is replaced before it is read. */
  readonly expands?: boolean;
  /** Numbers where text is wanted are worth a word. */
  readonly strictText?: boolean;
  /** Whether something may be left out. */
  readonly optional?: boolean;
}

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
  { open = false, expands = false, strictText = true, optional = true }: ShapeOptions = {},
): Rule<Subject>[] {
  const faultsOf = (problem: Problem) =>
    function* (subject: Subject): Generator<Fault> {
      const { root, shape } = shapeOf(subject);
      for (const fault of shapeFaults(root, shape, { what, expands }))
        if (fault.problem === problem) yield fault;
    };
  const rules: Rule<Subject>[] = [
    {
      id: `${area}/unknown-field`,
      severity: "error",
      demands: `${what} holds only fields that the host knows${open ? "" : ", at every depth"}`,
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
      demands: `each field of ${what} is of the type that the host reads`,
      check: faultsOf("type"),
    },
  ];
  if (optional)
    rules.push({
      id: `${area}/empty-field`,
      severity: "warning",
      demands: `a field of ${what} that is there has a value; the host takes an empty one for none`,
      check: faultsOf("empty"),
    });
  if (open)
    rules.push({
      id: `${area}/misspelt-field`,
      severity: "warning",
      demands: `a field of ${what} whose name is nearly a known one is that one`,
      fixes: "writes a name right that differs in case, dashes or underscores only",
      check: faultsOf("misspelt"),
    });
  if (strictText)
    rules.push({
      id: `${area}/bare-text`,
      severity: "warning",
      demands:
        "text that reads as a number or a truth value is in quotes, since other readers than the host see no text",
      fixes: "puts it in quotes",
      check: faultsOf("bare"),
    });
  return rules;
}
