import type { Finding, Severity, TextEdit } from "./finding.js";
import type { Cursor } from "./text/cursor.js";
import type { SourceDocument } from "./text/source-document.js";

/**
 * One demand of the host, as data: what `docs/lint.md` lists is made of these.
 *
 * @typeParam Subject what it is checked on
 */
export interface Rule<Subject> {
  /** Stable: CI files and baselines name it. */
  readonly id: string;
  readonly severity: Severity;
  /** What it demands, in one sentence without a full stop. */
  readonly demands: string;
  /** What `--fix` does, where it can. */
  readonly fixes?: string;
  check(subject: Subject): Iterable<Fault> | AsyncIterable<Fault>;
}

/** What a rule found; the rule's own id and severity make it a finding. */
export interface Fault {
  readonly at: Place;
  readonly message: string;
  readonly suggestion: string;
  readonly fix?: readonly TextEdit[] | undefined;
}

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What a rule is, less what it checks: for lists of rules. */
export type RuleInfo = Pick<Rule<never>, "id" | "severity" | "demands" | "fixes">;

export async function runRules<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const rule of rules)
    for await (const fault of rule.check(subject)) findings.push(toFinding(rule, fault));
  return findings;
}

export function toFinding({ id, severity }: RuleInfo, { at, message, suggestion, fix }: Fault): Finding {
  const { file, line, column } = at;
  return { file, line, column, ruleId: id, severity, message, suggestion, ...(fix !== undefined && { fix }) };
}

/** Where a value stands. */
export function valueAt({ document, offset }: Cursor): Place {
  return placeIn(document, offset);
}

/** Where a field's name stands. */
export function fieldAt({ document, keyOffset }: Cursor): Place {
  return placeIn(document, keyOffset);
}

/** A file as a whole, which has no lines that matter. */
export function wholeFile(file: string): Place {
  return { file, line: 1, column: 1 };
}

export function placeIn(document: SourceDocument, offset: number): Place {
  return { file: document.file, ...document.place(offset) };
}
