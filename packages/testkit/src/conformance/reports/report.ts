import type { Level } from "../requirements/index.js";
import type { AdvertisedSupport, Declarations } from "../subject/profile.js";
import type { Verdict } from "../runner/result.js";

/** The version of {@link ConformanceReport}'s shape; a field that changes its meaning raises it. */
export const reportVersion = 1;

/** A whole run, for programs: the JSON report. Durations and times of day are all that two equal runs differ in. */
export interface ConformanceReport {
  /** Of this shape. */
  readonly reportVersion: typeof reportVersion;
  /** What checked. */
  readonly suite: {
    /** The package. */
    readonly name: string;
    /** Its version. */
    readonly version: string;
    /** The provider protocol that it checks. */
    readonly protocolVersion: number;
  };
  /** What was checked. */
  readonly subject: {
    /** How it was named on the command line: a package, a command, or a socket. */
    readonly named: string;
    /** As GetProviderIdentity says, once configured; empty where it did not answer. */
    readonly name: string;
    readonly displayName: string;
    readonly version: string;
    readonly minProtocolVersion: number;
    readonly maxProtocolVersion: number;
  };
  /** How it was run. */
  readonly run: {
    readonly mode: "spawn" | "attach";
    readonly seed: number;
    readonly strict: boolean;
    readonly repeat: number;
    /** Whether filters left checks out: then nothing is claimed for the whole. */
    readonly partial: boolean;
    readonly interrupted: boolean;
    /** RFC 3339. */
    readonly startedAt: string;
    readonly durationMs: number;
  };
  /** What it says of itself; `support` is null where it did not say. */
  readonly profile: { readonly support: AdvertisedSupport | null; readonly declares: Declarations };
  /** `not-started`: there was nothing to check; `nothing-checked`: every check that was chosen was skipped. */
  readonly verdict: "conformant" | "not-conformant" | "not-started" | "nothing-checked" | "interrupted";
  /** Why it did not start, or what it refused at first; absent where all was well. */
  readonly diagnosis?: string;
  readonly counts: Readonly<Record<Verdict | "known", number>>;
  /** What authors should know of the run itself. */
  readonly notices: readonly string[];
  /** Entries of the baseline whose check passes by now. */
  readonly staleBaseline: readonly string[];
  /** In the contract's order. */
  readonly requirements: readonly RequirementReport[];
  /** In the order in which they ran. */
  readonly checks: readonly CheckReport[];
}

/** What the run says of one requirement. */
export interface RequirementReport {
  readonly id: string;
  readonly level: Level;
  readonly area: string;
  readonly text: string;
  /**
   * `met`: every check that ran passed. `not-claimed`: its checks do not apply to this profile. `unknown`: blocked, or
   * the suite failed. `not-run`: filtered out. `no-check`: see `reason`.
   */
  readonly verdict: "met" | "broken" | "warned" | "not-claimed" | "unknown" | "not-run" | "no-check";
  /** Ids of its checks. */
  readonly checks: readonly string[];
  /** Why it has no check, or why it is not claimed. */
  readonly reason?: string;
}

/** What became of one check. */
export interface CheckReport {
  readonly id: string;
  readonly title: string;
  readonly area: string;
  readonly requirements: readonly string[];
  readonly level: "MUST" | "SHOULD";
  readonly verdict: Verdict;
  /** It is in the baseline. */
  readonly known: boolean;
  /** With `--repeat`: how often each verdict came, where they differ. */
  readonly unsteady?: Readonly<Partial<Record<Verdict, number>>>;
  /** What is not as it must be. */
  readonly differences: readonly { readonly requirement: string; readonly text: string }[];
  /** Why it was skipped, is blocked, or what went wrong with the suite. */
  readonly reason?: string;
  /** The check that stands in the way. */
  readonly blockedBy?: string;
  /** The usual mistake, and what to do; for those that did not pass. */
  readonly cause?: string;
  readonly mend?: string;
  /** A command that runs just this one again; for those that did not pass. */
  readonly repeat?: string;
  readonly durationMs: number;
  /** The host's calls; for those that did not pass, or all with `--trace`. Ids and paths have stable names. */
  readonly calls?: readonly CallReport[];
  /** What else happened to the provider's processes and at the host's services; as `calls`. */
  readonly events?: readonly EventReport[];
  /** The log of each session, `stream message`; as `calls`. */
  readonly logs?: Readonly<Record<string, readonly string[]>>;
  /** The end of the provider's stderr; as `calls`. */
  readonly stderr?: readonly string[];
  /** What was found when it was over and was removed by the suite. */
  readonly leftBehind: readonly string[];
}

/** One call of the host's; equal ones in a row are one. */
export interface CallReport {
  /** Whom it went to. */
  readonly to: "provider" | "plugin";
  readonly name: string;
  readonly instance: number;
  /** Service and method, such as `PluginRuntimeProvider/StartSession`. */
  readonly method: string;
  /** As protobuf JSON, secrets taken out. */
  readonly request: unknown;
  /** Since the check's first call or event. */
  readonly startedAtMs: number;
  /** Absent where there was no answer. */
  readonly durationMs?: number;
  readonly code?: string;
  readonly response?: unknown;
  readonly message?: string;
  /** How often in a row. */
  readonly times: number;
}

/** Something that happened beside the host's calls; equal ones in a row are one. */
export interface EventReport {
  /** Such as `spawned`, `ready`, `signal`, `exited`, `host-service`. */
  readonly type: string;
  /** Whom it happened to. */
  readonly name: string;
  readonly instance: number;
  /** Since the check's first call or event. */
  readonly atMs: number;
  /** In a few words, such as `SIGTERM` or `Cache/Get OK`. */
  readonly text: string;
  /** How often in a row. */
  readonly times: number;
}
