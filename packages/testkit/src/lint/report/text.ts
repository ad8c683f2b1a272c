import { styleText } from "node:util";
import type { FixResult } from "../fix.js";
import type { Finding, Severity } from "../finding.js";
import type { LintResult } from "../lint.js";
import { summarize } from "./summary.js";

const colours = { error: "red", warning: "yellow", note: "cyan" } as const satisfies Record<Severity, string>;

/** For people: a line per finding, one below it with what to write, and a last line that counts. */
export function formatText(
  result: LintResult | FixResult,
  { colour = false }: { readonly colour?: boolean } = {},
): string {
  const paint = (format: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  const fixed = "fixed" in result ? result.fixed : [];
  const lines = result.findings.flatMap(
    ({ file, line, column, severity, message, suggestion, ruleId, fix }) => [
      `${paint("bold", `${file}:${line}:${column}`)} ${paint(colours[severity], severity)} ${message}`,
      `    ${suggestion} ${paint("dim", `(${ruleId}${fix === undefined ? "" : ", --fix does it"})`)}`,
    ],
  );
  return [...fixed.map(describeFixed), ...lines, summaryLine(result, fixed.length)].join("\n") + "\n";
}

function describeFixed({ file, line, column, message, suggestion }: Finding): string {
  return `${file}:${line}:${column} fixed: ${message}; ${suggestion}`;
}

function summaryLine({ files, findings }: LintResult, fixed: number): string {
  const { errors, warnings, notes, fixable } = summarize(findings);
  const counts = [plural(errors, "error"), plural(warnings, "warning"), plural(notes, "note")].join(", ");
  const mendable = fixable === 0 ? "" : `; --fix puts ${fixable} right`;
  const done = fixed === 0 ? "" : `${fixed} fixed, `;
  return `${done}${findings.length === 0 ? "nothing found" : counts} in ${plural(files.length, "file")}${mendable}`;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
