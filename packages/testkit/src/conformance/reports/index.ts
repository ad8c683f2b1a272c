import { formatGithub, formatJobSummary } from "./github.js";
import { formatHtml } from "./html/index.js";
import { formatJunit } from "./junit.js";
import type { ConformanceReport } from "./report.js";
import { formatStatement } from "./statement.js";
import { formatTap } from "./tap.js";
import { formatText } from "./text.js";

/** The forms of a report that are written to files, by the name that `--report` takes. */
export const reportFormats = {
  json: (report: ConformanceReport) => `${JSON.stringify(report, undefined, 2)}\n`,
  junit: formatJunit,
  tap: formatTap,
  text: (report: ConformanceReport) => formatText(report),
  github: formatGithub,
  summary: formatJobSummary,
  html: formatHtml,
  statement: formatStatement,
} as const satisfies Record<string, (report: ConformanceReport) => string>;

/** The name of a form. */
export type ReportFormat = keyof typeof reportFormats;
