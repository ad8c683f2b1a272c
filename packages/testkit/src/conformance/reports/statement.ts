import type { ConformanceReport } from "./report.js";

/** A conformance statement: what is claimed, on what ground, and what is not. Markdown, to be kept with a release. */
export function formatStatement(report: ConformanceReport): string {
  const { subject, suite, profile, counts, run } = report;
  const { support } = profile;
  const of = (verdict: string): string[] =>
    report.requirements.filter((one) => one.verdict === verdict).map(({ id }) => id);
  const list = (ids: readonly string[]): string => (ids.length === 0 ? "none" : ids.join(", "));
  const notClaimed = report.requirements.filter(({ verdict }) => verdict === "not-claimed");
  const claim =
    report.verdict !== "conformant"
      ? "**This provider is not claimed to conform.**"
      : run.partial
        ? "**Only a part of the suite was run: nothing is claimed for the whole.**"
        : counts.known > 0
          ? "**It conforms but for the known failures below.**"
          : "**It conforms to the contract between gestaltd and runtime providers, for the profile below.**";
  return [
    `# Conformance statement: ${subject.displayName || subject.name || subject.named}`,
    "",
    claim,
    "",
    "| | |",
    "| --- | --- |",
    `| implementation | ${subject.displayName || subject.name || "(it did not say)"} ${subject.version} |`,
    `| protocol | ${suite.protocolVersion} (it speaks ${subject.minProtocolVersion} to ${subject.maxProtocolVersion}) |`,
    `| suite | ${suite.name} ${suite.version}, seed ${run.seed} |`,
    `| date | ${run.startedAt.slice(0, 10)} |`,
    `| hosts plugins | ${support === null ? "unknown" : support.canHostPlugins ? "yes" : "no"} |`,
    `| host services | ${support?.hostServiceAccess === "direct" ? "direct" : "relayed"} |`,
    `| egress | ${support?.egressMode ?? "unknown"} |`,
    `| workspaces | ${support?.preparesWorkspaces === true ? "yes" : "no"} |`,
    `| sessions outlive the provider | ${profile.declares.outlives ? "yes" : "no"} |`,
    `| checks | ${counts.passed} passed, ${counts.warned} warned, ${counts.failed} failed, ${counts.blocked} blocked, ${counts.skipped} skipped |`,
    "",
    `Met: ${list(of("met"))}.`,
    "",
    `Met but for a recommendation: ${list(of("warned"))}.`,
    "",
    `Broken: ${list(of("broken"))}. Undecided: ${list([...of("unknown"), ...of("not-run")])}.`,
    "",
    notClaimed.length === 0
      ? "Nothing was skipped."
      : "Not claimed, because the profile does not promise it:",
    "",
    ...notClaimed.map(({ id, reason = "" }) => `- ${id}: ${reason}`),
    ...(notClaimed.length === 0 ? [] : [""]),
  ].join("\n");
}
