import { requirement } from "../requirements/index.js";
import type { CheckReport, ConformanceReport } from "./report.js";

/** JUnit's XML as CI systems read it: one suite per area; what is known to fail counts as skipped. */
export function formatJunit(report: ConformanceReport): string {
  const byArea = new Map<string, CheckReport[]>();
  for (const check of report.checks) byArea.set(check.area, [...(byArea.get(check.area) ?? []), check]);
  const suites = [...byArea].map(([area, checks]) => {
    const count = (tag: string): number => checks.filter((check) => tagOf(check, report) === tag).length;
    const seconds = checks.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1_000;
    return [
      `  <testsuite name="${escape(area)}" tests="${checks.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}" time="${seconds.toFixed(3)}">`,
      ...checks.map((check) => testcase(check, report)),
      "  </testsuite>",
    ].join("\n");
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="gestalt-runtime conformance">\n${suites.join("\n")}\n</testsuites>\n`;
}

function testcase(check: CheckReport, report: ConformanceReport): string {
  const open = `    <testcase classname="${escape(check.area)}" name="${escape(check.id)}" time="${(check.durationMs / 1_000).toFixed(3)}"`;
  const tag = tagOf(check, report);
  if (tag === undefined) return `${open}/>`;
  const message = check.differences[0]?.text ?? check.reason ?? check.verdict;
  const body = [
    ...check.differences.map(({ requirement: id, text }) => `${id}: ${text}\n    ${requirement(id).text}`),
    ...(check.reason === undefined ? [] : [check.reason]),
    ...(check.blockedBy === undefined ? [] : [`first mend ${check.blockedBy}`]),
    ...(check.cause === undefined || check.differences.length === 0 ? [] : [`usually: ${check.cause}`]),
    ...(check.mend === undefined ? [] : [`mend: ${check.mend}`]),
    ...(check.repeat === undefined ? [] : [`again: ${check.repeat}`]),
  ].join("\n");
  const type = tag === "skipped" ? "" : ` type="${check.verdict}"`;
  return `${open}>\n      <${tag} message="${escape(message)}"${type}>${escape(body)}</${tag}>\n    </testcase>`;
}

function tagOf(check: CheckReport, report: ConformanceReport): "failure" | "error" | "skipped" | undefined {
  if (check.verdict === "skipped" || check.known) return "skipped";
  if (check.verdict === "failed" || check.verdict === "blocked") return "failure";
  if (check.verdict === "error") return "error";
  return check.verdict === "warned" && report.run.strict ? "failure" : undefined;
}

function escape(text: string): string {
  return (
    text
      // XML 1.0 has no way to write these at all.
      // eslint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}
