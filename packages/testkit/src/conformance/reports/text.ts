import { styleText } from "node:util";
import type { CheckReport, ConformanceReport } from "./report.js";
import { describeProfile, headline } from "./words.js";

export interface TextOptions {
  readonly colour?: boolean;
  /** With the calls of each check that did not pass. */
  readonly trace?: boolean;
}

type Style = Parameters<typeof styleText>[0];

/** What is said after a run: each fault with its mend, then what it comes to. */
export function formatText(
  report: ConformanceReport,
  { colour = false, trace = false }: TextOptions = {},
): string {
  const paint = (style: Style, text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const lines: string[] = [];
  if (report.diagnosis !== undefined)
    lines.push(
      paint("red", report.verdict === "not-started" ? "The provider did not start" : "At a first look"),
      indent(report.diagnosis, 2),
      "",
    );
  for (const check of report.checks) {
    if (check.verdict === "passed" || check.verdict === "skipped") continue;
    lines.push(...describeCheck(check, paint, trace), "");
  }
  for (const [reason, ids] of skippedByReason(report.checks))
    lines.push(paint("dim", `skipped ${ids}: ${reason}`));
  for (const id of report.staleBaseline)
    lines.push(paint("yellow", `${id} is in the baseline and passes: remove it there (--update-baseline)`));
  for (const notice of report.notices) lines.push(paint("yellow", `note: ${notice}`));
  const { conformant, text } = headline(report);
  lines.push(paint(["bold", conformant ? "green" : "red"], text), describeProfile(report));
  return `${lines.join("\n")}\n`;
}

function describeCheck(
  check: CheckReport,
  paint: (style: Style, text: string) => string,
  trace: boolean,
): string[] {
  const styles = { failed: "red", warned: "yellow", blocked: "magenta", error: "red" } as const;
  const style = check.verdict in styles ? styles[check.verdict as keyof typeof styles] : "reset";
  const word = check.known ? `${check.verdict} (known)` : check.verdict;
  const lines = [
    `${paint(["bold", style], word)} ${paint("bold", check.id)}  ${check.requirements.join(", ")}`,
  ];
  lines.push(paint("dim", `  ${check.title}`));
  for (const { requirement, text } of check.differences)
    lines.push(`  ${requirement}: ${indent(text, 4).trimStart()}`);
  if (check.reason !== undefined) lines.push(indent(check.reason, 2));
  if (check.blockedBy !== undefined) lines.push(`  first mend ${check.blockedBy}`);
  if (check.unsteady !== undefined)
    lines.push(
      `  not always: ${Object.entries(check.unsteady)
        .map(([verdict, times]) => `${verdict} ${times}×`)
        .join(", ")}`,
    );
  if (check.verdict === "failed" || check.verdict === "warned") {
    if (check.cause !== undefined) lines.push(`  usually: ${check.cause}`);
    if (check.mend !== undefined) lines.push(`  mend: ${check.mend}`);
  }
  if (check.stderr !== undefined && check.stderr.length > 0 && check.verdict !== "blocked")
    lines.push(
      paint("dim", "  the end of its stderr:"),
      ...check.stderr.slice(-5).map((line) => paint("dim", `    ${line}`)),
    );
  if (trace)
    for (const { method, code = "no answer", times, message, request } of check.calls ?? [])
      lines.push(
        paint(
          "dim",
          `    ${method} ${JSON.stringify(request)} → ${code}${message === undefined ? "" : ` ${message}`}${times > 1 ? ` ×${times}` : ""}`,
        ),
      );
  if (check.repeat !== undefined) lines.push(paint("dim", `  again: ${check.repeat}`));
  return lines;
}

function skippedByReason(checks: readonly CheckReport[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { verdict, reason } of checks)
    if (verdict === "skipped" && reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}

function indent(text: string, by: number): string {
  return text
    .split("\n")
    .map((line) => `${" ".repeat(by)}${line}`)
    .join("\n");
}
