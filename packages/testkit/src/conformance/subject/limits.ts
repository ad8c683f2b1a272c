/** How long the suite waits, in milliseconds. */
export interface SuiteTimes {
  /** For the answer to one call, where the check names no other limit. Default 10,000. */
  readonly callMs: number;
  /** For one check, its clean-up aside. Default 60,000. */
  readonly checkMs: number;
  /** For a line of a plugin's to reach the log host (LOGS-1). Default 10,000. */
  readonly logMs: number;
  /** For a provider to serve. Default 45,000, the host's own (PROC-3). */
  readonly startMs: number;
  /** For the whole run. Default 1,800,000. */
  readonly suiteMs: number;
}

export const suiteTimes: SuiteTimes = {
  callMs: 10_000,
  checkMs: 60_000,
  logMs: 10_000,
  startMs: 45_000,
  suiteMs: 1_800_000,
};
