import type { FixResult } from "../fix.js";
import type { LintResult } from "../lint.js";
import { summarize } from "./summary.js";

/** For programs: everything, in one object whose `version` rises when a field's meaning changes. */
export function formatJson(result: LintResult | FixResult): string {
  const { files, findings } = result;
  const fixed = "fixed" in result ? result.fixed : [];
  return `${JSON.stringify({ version: 1, files, findings, fixed, summary: summarize(findings) }, null, 2)}\n`;
}
