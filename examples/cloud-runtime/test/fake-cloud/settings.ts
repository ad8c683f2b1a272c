/** How the fake cloud behaves; every field may be changed while it runs. */
export interface CloudSettings {
  /** Between the call that creates a sandbox and its being up. Default 0. */
  readonly createMs: number;
  /** Between the call that deletes a sandbox and its being gone; the call itself answers "deleting". Default 0. */
  readonly deleteMs: number;
  /** By how much the list lags behind the truth: new sandboxes are missing, deleted ones still there. Default 0. */
  readonly listLagMs: number;
  /** Sandboxes on one page of the list. Default 50. */
  readonly pageSize: number;
  /** Sandboxes at a time; past it creating is refused for good. Default 1,000. */
  readonly quota: number;
  /** Bytes on one page of a program's output, cut wherever that is. Default 65,536. */
  readonly logPageBytes: number;
  /** Calls beyond it are answered 429 with `retry-after`. Default: no limit. */
  readonly rate: { readonly perSecond: number; readonly burst: number } | null;
  /** By canonical name: the image's working directory, or why it can't be pulled. Others are not found. */
  readonly images: Readonly<Record<string, { readonly directory: string } | { readonly failure: string }>>;
}

export const defaultSettings: CloudSettings = {
  createMs: 0,
  deleteMs: 0,
  listLagMs: 0,
  pageSize: 50,
  quota: 1_000,
  logPageBytes: 65_536,
  rate: null,
  images: {},
};

/** What the fake cloud is started with. */
export interface CloudStart {
  readonly token: string;
  /** Sandboxes live below it; short, since sockets are there. */
  readonly directory: string;
  readonly settings: Partial<CloudSettings>;
}

export const callKinds = [
  "account",
  "create",
  "list",
  "get",
  "delete",
  "run",
  "wait",
  "logs",
  "exec",
  "connect",
] as const;

/** The calls of the cloud's API. */
export type CallKind = (typeof callKinds)[number];

/** What goes wrong with a call. */
export type FaultAction =
  /** It is done after so long. */
  | { readonly do: "delay"; readonly ms: number }
  /** It is not done, but answered so. */
  | {
      readonly do: "answer";
      readonly status: number;
      readonly retryAfterSeconds?: number;
      /** The text repeats the call's body, as validation errors do. */
      readonly echo?: boolean;
    }
  /** It is not done, and the connection is closed. */
  | { readonly do: "drop" }
  /** It is not done, and never answered. */
  | { readonly do: "hang" }
  /** It is done, and the connection is closed instead of an answer. */
  | { readonly do: "lose-reply" }
  /** It is done, and never answered. */
  | { readonly do: "hang-after" };

/** Meets the next calls of a kind. */
export interface Fault {
  readonly on: CallKind;
  readonly action: FaultAction;
  /** How many calls it meets. Default 1; `"all"` until faults are cleared. */
  readonly times?: number | "all";
}

/** One call as the cloud saw it. */
export interface CloudCall {
  readonly kind: CallKind;
  readonly url: string;
  /** The sandbox's name, where the call had one. */
  sandbox: string;
  /** Milliseconds since 1970, when it came. */
  readonly atMs: number;
  /** The status that was answered; 0: the connection was closed, or the client went away first. */
  status: number;
}

/** A sandbox as it is, whatever the list says. */
export interface SandboxFacts {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly expiresAt?: string;
  /** Whether the program that it was given is running. */
  readonly running: boolean;
  readonly command?: string;
  readonly args?: readonly string[];
}

/** All that came to pass. */
export interface CloudRecord {
  /** The newest 20,000. */
  readonly calls: readonly CloudCall[];
  /** All of them, by kind. */
  readonly counts: Readonly<Record<CallKind, number>>;
  /** Calls of a kind that were under way at the same time, at most. */
  readonly atOnce: Readonly<Record<CallKind, number>>;
  /** Programs that were started, in all. */
  readonly programs: number;
  readonly sandboxes: readonly SandboxFacts[];
}
