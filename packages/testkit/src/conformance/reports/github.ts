import type { ConformanceReport } from "./report.js";
import { describeProfile, headline } from "./words.js";

/** Workflow commands of GitHub Actions: an annotation for each check that did not pass. */
export function formatGithub(report: ConformanceReport): string {
  const lines = report.checks
    .filter(({ verdict }) => verdict !== "passed" && verdict !== "skipped")
    .map((check) => {
      const level = check.known ? "notice" : check.verdict === "warned" ? "warning" : "error";
      const text = [
        ...check.differences.map((one) => `${one.requirement}: ${one.text}`),
        ...(check.reason === undefined ? [] : [check.reason]),
        ...(check.cause === undefined || check.differences.length === 0 ? [] : [`usually: ${check.cause}`]),
        ...(check.mend === undefined ? [] : [check.mend]),
      ].join("\n");
      return `::${level} title=${property(`${check.verdict}: ${check.id}`)}::${message(text)}`;
    });
  if (report.diagnosis !== undefined)
    lines.unshift(`::error title=the provider::${message(report.diagnosis)}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** The job summary: Markdown for the file that `GITHUB_STEP_SUMMARY` names. */
export function formatJobSummary(report: ConformanceReport): string {
  const { text, conformant } = headline(report);
  const red = report.checks.filter(({ verdict }) => verdict !== "passed" && verdict !== "skipped");
  return [
    `## ${conformant ? "✅" : "❌"} ${cell(text)}`,
    "",
    cell(describeProfile(report)),
    "",
    ...(report.diagnosis === undefined ? [] : ["```", report.diagnosis.replaceAll("```", "'''"), "```", ""]),
    ...(red.length === 0
      ? []
      : [
          "| verdict | check | requirement | what is wrong | mend |",
          "| --- | --- | --- | --- | --- |",
          ...red.map(
            ({ verdict, known, id, requirements, differences, reason = "", mend = "" }) =>
              `| ${verdict}${known ? " (known)" : ""} | \`${id}\` | ${requirements.join(", ")} | ` +
              `${cell(differences.length > 0 ? differences.map((one) => one.text).join("; ") : reason)} | ${cell(mend)} |`,
          ),
          "",
        ]),
  ].join("\n");
}

function message(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return message(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

function cell(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll("|", "\\|")
    .replaceAll(/\s*\n\s*/g, " ");
}
