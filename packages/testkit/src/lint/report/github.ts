import type { Severity } from "../finding.js";
import type { LintResult } from "../lint.js";

const commands = { error: "error", warning: "warning", note: "notice" } as const satisfies Record<
  Severity,
  string
>;

/** For GitHub Actions: workflow commands that it shows as annotations at the lines. */
export function formatGithub({ findings }: LintResult): string {
  return findings
    .map(({ file, line, column, severity, message, suggestion, ruleId }) => {
      // What stands in an archive has no line in the repository.
      const [path = file, inside] = file.split("!/");
      const properties = {
        file: path,
        ...(inside === undefined && { line, col: column }),
        title: ruleId,
      };
      const given = Object.entries(properties).map(
        ([name, value]) => `${name}=${escapeProperty(String(value))}`,
      );
      const place = inside === undefined ? "" : `${inside}:${line}:${column} `;
      return `::${commands[severity]} ${given.join(",")}::${escapeData(`${place}${message}; ${suggestion}`)}\n`;
    })
    .join("");
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
