/**
 * Which gestaltd the fake one is: `documented` is the revision of late April 2026, the others are named by the day
 * from which they differ. Each does what those before it do, but for what it changes.
 */
export type HostVersion = "documented" | "2026-04-30" | "2026-05-01" | "2026-05-05";

/** In what a later host differs from the documented one. */
export interface HostTraits {
  /** StartSession carries the image's credentials (SESS-3). */
  readonly sendsImagePullAuth: boolean;
  /** What AppendLogs answers for a session that the host does not know (LOGS-2). */
  readonly unknownLogSession: "INTERNAL" | "NOT_FOUND";
  /** Whether a stopped session's log can still be read (LOGS-6). */
  readonly logsOutliveSessions: boolean;
  /** Whether a pool replaces an instance before its time is over (SESS-9). */
  readonly replacesEarly: boolean;
  /** Whether host services are bound, or come in StartPlugin's environment alone. */
  readonly bindsHostServices: boolean;
}

const order: readonly HostVersion[] = ["documented", "2026-04-30", "2026-05-01", "2026-05-05"];

/** @throws TypeError for a version that is not known */
export function hostTraits(version: HostVersion = "documented"): HostTraits {
  const at = order.indexOf(version);
  if (at < 0)
    throw new TypeError(
      `hostVersion ${JSON.stringify(version)} is not known; give one of ${order.join(", ")}`,
    );
  const from = (later: HostVersion): boolean => at >= order.indexOf(later);
  return {
    sendsImagePullAuth: from("2026-04-30"),
    unknownLogSession: from("2026-04-30") ? "NOT_FOUND" : "INTERNAL",
    logsOutliveSessions: from("2026-04-30"),
    replacesEarly: from("2026-04-30"),
    bindsHostServices: !from("2026-05-01"),
  };
}
