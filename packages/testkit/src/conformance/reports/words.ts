import type { ConformanceReport } from "./report.js";

/** The run in one sentence. */
export function headline(report: ConformanceReport): { readonly conformant: boolean; readonly text: string } {
  const { counts, run, verdict } = report;
  const parts = [
    count(counts.passed, "passed"),
    count(counts.failed, "failed"),
    count(counts.blocked, "blocked"),
    count(counts.error, "met a fault of the suite"),
    count(counts.warned, "warned"),
    count(counts.skipped, "skipped"),
    count(counts.known, "of these known"),
  ].filter((part) => part !== undefined);
  const words = {
    conformant: run.partial ? "What was checked conforms" : "Conformant",
    "not-conformant": "Not conformant",
    "not-started": "Nothing was checked",
    "nothing-checked": "Nothing was checked",
    interrupted: "Interrupted",
  };
  const seconds = (run.durationMs / 1_000).toFixed(1);
  const what = parts.length === 0 ? "no check ran" : parts.join(", ");
  return { conformant: verdict === "conformant", text: `${words[verdict]}: ${what} in ${seconds} s` };
}

/** Who was checked and what it says of itself, in one line. */
export function describeProfile({ subject, profile, run }: ConformanceReport): string {
  const { support } = profile;
  const name = [subject.displayName || subject.name || subject.named, subject.version]
    .filter(Boolean)
    .join(" ");
  if (support === null) return `${name}: it did not say what it supports`;
  const says = [
    support.canHostPlugins ? "hosts plugins" : "hosts no plugins",
    `host services ${support.hostServiceAccess === "direct" ? "direct" : "relayed"}`,
    `egress ${support.egressMode}`,
    support.preparesWorkspaces ? "workspaces" : "no workspaces",
    ...(profile.declares.outlives ? ["sessions outlive it"] : []),
    ...(profile.declares.remote ? ["plugins elsewhere"] : []),
    `seed ${run.seed}`,
  ];
  return `${name}: ${says.join(", ")}`;
}

/** The versions of the protocol that it says it speaks; 0 on either side is no bound (LIFE-7). */
export function protocolRange({
  subject: { minProtocolVersion: min, maxProtocolVersion: max },
}: ConformanceReport): string {
  if (min === 0 && max === 0) return "it names no bounds";
  if (max === 0) return `it speaks ${min} and later`;
  if (min === max) return `it speaks ${max}`;
  return min === 0 ? `it speaks up to ${max}` : `it speaks ${min} to ${max}`;
}

function count(number: number, what: string): string | undefined {
  return number === 0 ? undefined : `${number} ${what}`;
}
