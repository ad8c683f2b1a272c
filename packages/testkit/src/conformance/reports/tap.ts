import type { CheckReport, ConformanceReport } from "./report.js";

/** TAP version 14: one line per check, the details as YAML below it. */
export function formatTap(report: ConformanceReport): string {
  const lines = ["TAP version 14", `1..${report.checks.length}`];
  report.checks.forEach((check, index) => {
    const ok =
      check.verdict === "passed" ||
      check.verdict === "skipped" ||
      (check.verdict === "warned" && !report.run.strict);
    lines.push(`${ok ? "ok" : "not ok"} ${index + 1} - ${check.id}${directive(check)}`);
    if (check.verdict !== "passed" && check.verdict !== "skipped") lines.push(...details(check));
  });
  if (report.verdict === "interrupted") lines.push("Bail out! interrupted");
  if (report.verdict === "not-started") lines.push("Bail out! the provider did not start");
  return `${lines.join("\n")}\n`;
}

function directive({ verdict, known, reason = "" }: CheckReport): string {
  if (verdict === "skipped") return ` # SKIP ${reason}`;
  return known ? " # TODO in the baseline" : "";
}

function details({ verdict, differences, reason, blockedBy, cause, mend, repeat }: CheckReport): string[] {
  const fields = {
    verdict,
    ...(differences.length > 0 && {
      differences: differences.map(({ requirement, text }) => `${requirement}: ${text}`),
    }),
    ...(reason !== undefined && { reason }),
    ...(blockedBy !== undefined && { blockedBy }),
    ...(cause !== undefined && differences.length > 0 && { usually: cause }),
    ...(mend !== undefined && { mend }),
    ...(repeat !== undefined && { again: repeat }),
  };
  // JSON is YAML, and needs no thought about what has to be quoted.
  return [
    "  ---",
    ...Object.entries(fields).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`),
    "  ...",
  ];
}
