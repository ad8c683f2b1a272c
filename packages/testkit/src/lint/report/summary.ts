import type { Finding, Severity } from "../finding.js";

/** How many of what were found. */
export interface LintSummary {
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
  /** Of them, how many `--fix` puts right. */
  readonly fixable: number;
}

export function summarize(findings: readonly Finding[]): LintSummary {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  return {
    errors: count("error"),
    warnings: count("warning"),
    notes: count("note"),
    fixable: findings.filter(({ fix }) => fix !== undefined).length,
  };
}
