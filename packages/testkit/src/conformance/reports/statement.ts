import type { CheckReport, ConformanceReport, RequirementReport } from "./report.js";
import { describeProfile, protocolRange } from "./words.js";

/** A conformance statement: what is claimed, on what ground, and what is not. Markdown, to be kept with a release. */
export function formatStatement(report: ConformanceReport): string {
  const { subject, suite, run } = report;
  const name = subject.displayName || subject.name || subject.named;
  return [
    `# Conformance statement: ${cell(name)}`,
    "",
    claim(report),
    "",
    "| | |",
    "| --- | --- |",
    row("implementation", subject.displayName || subject.name || "(it did not say)"),
    row("version", subject.version || "(it did not say)"),
    row("checked as", subject.named),
    row("protocol", `${suite.protocolVersion} (${protocolRange(report)})`),
    ...profileRows(report),
    row("suite", `${suite.name} ${suite.version}, seed ${run.seed}${run.strict ? ", strict" : ""}`),
    row("date", run.startedAt.slice(0, 10)),
    row("checks", countsText(report)),
    "",
    "## What was covered",
    "",
    ...coverage(report),
    "",
    "## Requirements",
    "",
    ...requirementLists(report),
    ...brokenList(report),
    ...skippedList(report),
    ...knownList(report),
  ].join("\n");
}

function claim(report: ConformanceReport): string {
  const { verdict, run, counts, checks } = report;
  const part = run.partial
    ? `**Partial: ${checks.length} of the suite's ${suiteChecks(report).length} checks were run. Nothing is claimed for the whole.** `
    : "";
  if (verdict !== "conformant") return `${part}**This provider is not claimed to conform.**`;
  if (run.partial) return part.trimEnd();
  return counts.known > 0
    ? "**It conforms but for the known failures below.**"
    : "**It conforms to the contract between gestaltd and runtime providers, for the profile below.**";
}

function profileRows(report: ConformanceReport): string[] {
  const { support, declares } = report.profile;
  if (support === null) return [row("profile", describeProfile(report))];
  return [
    row("hosts plugins", support.canHostPlugins ? "yes" : "no"),
    row("host services", support.hostServiceAccess === "direct" ? "direct" : "relayed"),
    row("egress", support.egressMode),
    row("workspaces", support.preparesWorkspaces ? "yes" : "no"),
    row("sessions outlive the provider", declares.outlives ? "yes" : "no"),
    ...(declares.remote ? [row("plugins run", "on another machine")] : []),
  ];
}

function countsText({ counts }: ConformanceReport): string {
  const known = counts.known === 0 ? "" : ` (${counts.known} of these known)`;
  const error = counts.error === 0 ? "" : `, ${counts.error} met a fault of the suite`;
  return (
    `${counts.passed} passed, ${counts.warned} warned, ${counts.failed} failed, ${counts.blocked} blocked, ` +
    `${counts.skipped} skipped${error}${known}`
  );
}

/** By area: how much of the suite ran there, and what it came to. */
function coverage(report: ConformanceReport): string[] {
  const areas = [...new Set(report.requirements.map(({ area }) => area))];
  const all = suiteChecks(report);
  return [
    "| area | checks run | passed | requirements met | not claimed | without a check |",
    "| --- | --- | --- | --- | --- | --- |",
    ...areas.map((area) => {
      const ran = report.checks.filter((check) => check.area === area && check.verdict !== "skipped");
      const passed = ran.filter(({ verdict }) => verdict === "passed");
      const known = all.filter((id) => id.startsWith(`${area}/`));
      const own = report.requirements.filter((one) => one.area === area);
      const of = (verdict: RequirementReport["verdict"]): number =>
        own.filter((one) => one.verdict === verdict).length;
      return `| ${area} | ${ran.length} of ${known.length} | ${passed.length} | ${of("met")} of ${own.length} | ${of("not-claimed")} | ${of("no-check")} |`;
    }),
  ];
}

/** Every check of the suite is behind some requirement. */
function suiteChecks({ requirements }: ConformanceReport): string[] {
  return [...new Set(requirements.flatMap(({ checks }) => checks))];
}

function requirementLists({ requirements }: ConformanceReport): string[] {
  const of = (verdict: RequirementReport["verdict"]): RequirementReport[] =>
    requirements.filter((one) => one.verdict === verdict);
  const line = (title: string, ones: readonly RequirementReport[]): string =>
    `- ${title}: ${ones.length === 0 ? "none" : ones.map(({ id }) => id).join(", ")}.`;
  const reasoned = (title: string, ones: readonly RequirementReport[]): string[] =>
    ones.length === 0
      ? [`- ${title}: none.`]
      : [`- ${title}:`, ...ones.map(({ id, reason = "" }) => `  - ${id}: ${cell(reason)}`)];
  return [
    line("Met", of("met")),
    line("Met but for a recommendation", of("warned")),
    line("Broken", of("broken")),
    line("Undecided, because something in the way failed", of("unknown")),
    line("Not asked for in this run", of("not-run")),
    ...reasoned("Not claimed, because the profile does not promise it", of("not-claimed")),
    ...reasoned("Without a check", of("no-check")),
    "",
  ];
}

/** What stands against a claim, so that a statement without one says why. */
function brokenList({ checks }: ConformanceReport): string[] {
  const broken = checks.filter(({ verdict, known }) => verdict === "failed" && !known);
  if (broken.length === 0) return [];
  return [
    "## What stands against it",
    "",
    ...broken.flatMap(({ id, differences, cause, mend }) => [
      `- \`${id}\`:`,
      ...differences.map(({ requirement, text }) => `  - ${requirement}: ${cell(text)}`),
      ...(cause === undefined ? [] : [`  - usually: ${cell(cause)}`]),
      ...(mend === undefined ? [] : [`  - mend: ${cell(mend)}`]),
    ]),
    "",
  ];
}

/** What was skipped is not claimed, even where other checks decided the requirement. */
function skippedList({ checks }: ConformanceReport): string[] {
  const byReason = new Map<string, CheckReport[]>();
  for (const check of checks)
    if (check.verdict === "skipped")
      byReason.set(check.reason ?? "", [...(byReason.get(check.reason ?? "") ?? []), check]);
  if (byReason.size === 0) return ["## Skipped", "", "Nothing was skipped.", ""];
  return [
    "## Skipped, and so not claimed",
    "",
    ...[...byReason].flatMap(([reason, ones]) => [
      `- ${cell(reason)}:`,
      ...ones.map(({ id }) => `  - \`${id}\``),
    ]),
    "",
  ];
}

function knownList({ checks }: ConformanceReport): string[] {
  const known = checks.filter((check) => check.known);
  if (known.length === 0) return [];
  return [
    "## Known failures",
    "",
    ...known.map(
      ({ id, differences, reason }) => `- \`${id}\`: ${cell(differences[0]?.text ?? reason ?? "")}`,
    ),
    "",
  ];
}

function row(name: string, value: string): string {
  return `| ${name} | ${cell(value)} |`;
}

/** One line, of which Markdown makes neither a tag nor another cell. */
function cell(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll("|", "\\|")
    .replaceAll(/\s*\n\s*/g, " ");
}
