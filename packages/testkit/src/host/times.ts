/**
 * Every time of the contract, in milliseconds. The defaults are gestaltd's own; a test that waits for one of
 * them to pass sets a shorter one.
 */
export interface HostTimes {
  /** From the spawn until the provider is READY (PROC-3). Default 45,000. */
  readonly providerStartMs: number;
  /** Between two looks for the socket file, two GetSession polls and two tries of GetMetadata. Default 25. */
  readonly pollMs: number;
  /** Deadline of each call of the handshake (LIFE). Default 30,000. */
  readonly lifecycleMs: number;
  /** Deadline of one admin inspection, shared by its calls. Default 60,000. */
  readonly inspectionMs: number;
  /** Deadline of StopSession; past it the host walks away (SESS-8). Default 3,000. */
  readonly stopSessionMs: number;
  /** From SIGTERM to SIGKILL (PROC-6). Default 2,000. */
  readonly providerStopMs: number;
  /** How long a host service may end its calls in flight before they are cut. Default 2,000. */
  readonly hostServiceStopMs: number;
  /** From StartPlugin's answer until the plugin is READY (PLUG-4). Default 30,000. */
  readonly pluginReadyMs: number;
  /** Deadline of Execute. Default 60,000. */
  readonly executeMs: number;
  /** The longest deadline of a pool's look at an instance, whatever its interval. Default 10,000. */
  readonly healthCheckMs: number;
  /** What a host from 2026-04-30 adds to a pool's own times when it replaces early (SESS-9). Default 5,000. */
  readonly replacementMarginMs: number;
  /** Deadline of PrepareWorkspace (hosts from 2026-05-05). Default 600,000. */
  readonly prepareWorkspaceMs: number;
  /** What a relay or an egress token stays good for (HOST). Default 2,592,000,000, which is 30 days. */
  readonly tokenLifetimeMs: number;
  /** How long a tunnel of the public egress proxy lives (EGR-3). Default 600,000. */
  readonly egressTunnelMs: number;
}

/** gestaltd's own times. */
export const hostTimes: HostTimes = {
  providerStartMs: 45_000,
  pollMs: 25,
  lifecycleMs: 30_000,
  inspectionMs: 60_000,
  stopSessionMs: 3_000,
  providerStopMs: 2_000,
  hostServiceStopMs: 2_000,
  pluginReadyMs: 30_000,
  executeMs: 60_000,
  healthCheckMs: 10_000,
  replacementMarginMs: 5_000,
  prepareWorkspaceMs: 600_000,
  tokenLifetimeMs: 2_592_000_000,
  egressTunnelMs: 600_000,
};

/** Every size and count of the fake host: the contract's where it has one, else a bound on memory. */
export interface HostLimits {
  /** Records kept of one session's log, the newest (LOGS-2). Default 4,096. */
  readonly logRecordsPerSession: number;
  /** Sessions with a log, over all providers; past it the least recently used is forgotten (LOGS-2). Default 256. */
  readonly logSessions: number;
  /** Log records added to StartPlugin's error (LOGS-3). Default 20. */
  readonly failureLogRecords: number;
  /** Records that an admin's look at a log gets when it names no limit. Default 200. */
  readonly adminLogRecords: number;
  /** Records that an admin's look at a log gets at most. Default 1,000. */
  readonly adminLogRecordsMax: number;
  /** Bytes kept of a provider's stdout and stderr together, the newest. Default 65,536. */
  readonly outputBytes: number;
  /** Lines of stderr quoted when a provider ends during its start. Default 20. */
  readonly diagnosisLines: number;
  /** Calls and events each kept in the trace, the newest. Default 20,000. */
  readonly traceRecords: number;
  /** Entries of one cache; past it Set answers RESOURCE_EXHAUSTED. Default 10,000. */
  readonly cacheEntries: number;
  /** Streams at once per connection of a host service or of the public listener: two Node.js ends can lock up without it. Default 1,024. */
  readonly concurrentStreams: number;
}

/** gestaltd's own limits, and this host's bounds on memory. */
export const hostLimits: HostLimits = {
  logRecordsPerSession: 4_096,
  logSessions: 256,
  failureLogRecords: 20,
  adminLogRecords: 200,
  adminLogRecordsMax: 1_000,
  outputBytes: 65_536,
  diagnosisLines: 20,
  traceRecords: 20_000,
  cacheEntries: 10_000,
  concurrentStreams: 1_024,
};
