/**
 * How much a finding weighs: an `error` is refused by the host or can't work there, a `warning` is taken but
 * surprises someone, a `note` is a consequence worth knowing.
 */
export type Severity = "error" | "warning" | "note";

/** One thing that is wrong, and where. */
export interface Finding {
  /** As it was given, or `<archive>!/<entry>` inside an archive. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** Stable, for example `manifest/path-normalized`; `docs/lint.md` lists all. */
  readonly ruleId: string;
  /** How much it weighs. */
  readonly severity: Severity;
  /** What is wrong. */
  readonly message: string;
  /** What to write instead. */
  readonly suggestion: string;
  /** The edit that `--fix` makes, where there is one answer. */
  readonly fix?: readonly TextEdit[];
}

/** Replaces the text between two offsets, in UTF-16 units. */
export interface TextEdit {
  /** Offset of the first unit that goes. */
  readonly start: number;
  /** Offset of the first unit that stays. */
  readonly end: number;
  /** What comes in its place. */
  readonly text: string;
}

/** By file in the order of their first finding, then by place. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const files = [...new Set(findings.map(({ file }) => file))];
  return findings.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      (a.ruleId < b.ruleId ? -1 : a.ruleId > b.ruleId ? 1 : 0),
  );
}

/** A finding as one line without its file, for error texts. */
export function describeFinding({ line, column, ruleId, message, suggestion }: Finding): string {
  return `${line}:${column} ${message}; ${suggestion} (${ruleId})`;
}
