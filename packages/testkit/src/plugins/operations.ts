/**
 * What the fixture plugin can be asked to do, as data: the plugin's catalog, the checks of its parameters and
 * this project's tests all read this table. {@link FixtureOperations} has the same as types.
 */
export interface FixtureOperation {
  /** What Execute names. */
  readonly id: FixtureOperationId;
  /** What it does. */
  readonly description: string;
  /** What the JSON body of the answer holds. */
  readonly result: string;
  /** Those that it knows. */
  readonly parameters: readonly FixtureParameter[];
  /** Takes any parameters, not just those listed. */
  readonly anyParameters?: true;
}

/** One parameter of an operation; it may be left out unless `required`. */
export interface FixtureParameter {
  /** Its key in the parameters' JSON. */
  readonly name: string;
  /** Anything else is refused. */
  readonly type: "string" | "integer" | "boolean";
  /** What it does, with its default. */
  readonly description: string;
  /** Without it the call is refused. */
  readonly required?: true;
  /** The texts that are taken. Default: any. */
  readonly oneOf?: readonly string[];
  /** The smallest number that is taken. */
  readonly min?: number;
  /** The largest number that is taken. */
  readonly max?: number;
}

const answerFirst: FixtureParameter = {
  name: "answerFirst",
  type: "boolean",
  description: "Answer the call before doing it. Default: see the operation.",
};

/** All operations of the fixture plugin. */
export const fixtureOperations: readonly FixtureOperation[] = [
  {
    id: "echo",
    description: "Gives its parameters back.",
    result: "the parameters",
    parameters: [],
    anyParameters: true,
  },
  {
    id: "request",
    description: "Gives the whole ExecuteRequest back: token, context, invocation and all.",
    result: "the request as protobuf JSON",
    parameters: [],
    anyParameters: true,
  },
  {
    id: "config",
    description: "What StartProvider brought.",
    result: "started, and once started: name, config, protocolVersion",
    parameters: [],
  },
  {
    id: "boot",
    description: "What the behaviours at start (--at-start) found and left.",
    result: "children: those forked; cache: what was read",
    parameters: [],
  },
  {
    id: "args",
    description: "The arguments it was started with, in order, empty ones too.",
    result: "args as text, base64 of each one's bytes",
    parameters: [],
  },
  {
    id: "env",
    description: "The environment it was started with, all of it or one variable.",
    result: "env: values as text by name; base64: their bytes; repeated: names that stood there twice",
    parameters: [{ name: "name", type: "string", description: "One variable. Default: all." }],
  },
  {
    id: "identity",
    description: "Where and as whom it runs.",
    result: "cwd, uid, gid, home, tmpdir, hostname, node",
    parameters: [],
  },
  {
    id: "processes",
    description:
      "Its own process and its descendants, with the ids of the mounted /proc: the host's ids also inside a PID " +
      "namespace that kept the host's /proc. A process that was daemonised is no descendant any more.",
    result:
      "pid, ppid, pgid, sid, insidePid and insideParentPid (as its own namespace counts), descendants (pid, ppid, pgid, sid, state, name)",
    parameters: [],
  },
  {
    id: "cache",
    description:
      "Uses the Cache host service. The address is read from envVar (bare path, unix://, tcp:// or tls://); " +
      "<envVar>_TOKEN, when set, goes along as relay token.",
    result: "found, value (text), deleted (for delete)",
    parameters: [
      { name: "key", type: "string", description: "The entry.", required: true },
      { name: "value", type: "string", description: "What set and round-trip write. Default empty." },
      {
        name: "action",
        type: "string",
        description: "Default round-trip: set, then get.",
        oneOf: ["round-trip", "get", "set", "delete"],
      },
      { name: "ttlMs", type: "integer", description: "Lifetime of what is written. Default: none.", min: 1 },
      { name: "envVar", type: "string", description: "Default GESTALT_CACHE_SOCKET." },
      { name: "timeoutMs", type: "integer", description: "Deadline of each call. Default 5,000.", min: 1 },
    ],
  },
  {
    id: "log",
    description: "Writes numbered lines (see fixtureLogLine) and answers when the system has taken them all.",
    result: "stdout, stderr: how many lines each got, blank ones not counted",
    parameters: [
      {
        name: "count",
        type: "integer",
        description: "Lines for each stream. Default 1.",
        min: 0,
        max: 1_000_000,
      },
      {
        name: "bytes",
        type: "integer",
        description: "Size of a line without its newline. Default 80.",
        min: 0,
        max: 64 << 20,
      },
      {
        name: "stream",
        type: "string",
        description: "Default stdout; both alternates.",
        oneOf: ["stdout", "stderr", "both"],
      },
      { name: "first", type: "integer", description: "Number of the first line. Default 1.", min: 0 },
      { name: "filler", type: "string", description: "Repeated to reach the size. Default the alphabet." },
      {
        name: "invalidUtf8",
        type: "boolean",
        description: "Lines end in bytes that are no UTF-8. Default false.",
      },
      { name: "blankLines", type: "boolean", description: "A blank line follows each line. Default false." },
      {
        name: "finalNewline",
        type: "boolean",
        description: "Default true. False leaves the last line open.",
      },
    ],
  },
  {
    id: "exit",
    description: "Ends with an exit code, removing its socket. Answers first unless told not to.",
    result: "{} when it answers first",
    parameters: [{ name: "code", type: "integer", description: "Default 0.", min: 0, max: 255 }, answerFirst],
  },
  {
    id: "crash",
    description:
      "Dies without cleaning up, and without answering unless told to. The first process of a PID namespace can't " +
      "kill itself by a signal: the answer then says so (409), except for SIGABRT, which becomes a SIGSEGV there.",
    result: "{} when it answers first",
    parameters: [
      {
        name: "how",
        type: "string",
        description: "The signal it sends itself, or an exception nobody catches.",
        required: true,
        oneOf: ["SIGSEGV", "SIGABRT", "SIGKILL", "uncaught"],
      },
      answerFirst,
    ],
  },
  {
    id: "ignore-sigterm",
    description: "From now on SIGTERM does nothing.",
    result: "{}",
    parameters: [
      { name: "ignore", type: "boolean", description: "Default true. False: SIGTERM ends it again." },
    ],
  },
  {
    id: "spawn",
    description:
      "Starts a process that outlives it unless somebody ends it, and answers when that one is up.",
    result: "pid, ppid, pgid, sid of it, by the mounted /proc",
    parameters: [
      {
        name: "kind",
        type: "string",
        description: "plain child; leader of a session of its own; daemon by double fork. Default plain.",
        oneOf: ["plain", "session", "daemon"],
      },
      { name: "ignoreSigterm", type: "boolean", description: "Default false." },
      {
        name: "output",
        type: "string",
        description: "inherit keeps the plugin's stdout and stderr open. Default inherit.",
        oneOf: ["inherit", "ignore"],
      },
      { name: "emptyEnvironment", type: "boolean", description: "It gets PATH alone. Default false." },
      {
        name: "lifetimeMs",
        type: "integer",
        description: "It ends by itself after this, lest a broken test leaves it. Default 300,000.",
        min: 1,
        max: 2_147_483_647,
      },
    ],
  },
  {
    id: "stop-self",
    description:
      "Sends itself SIGSTOP, after answering unless told not to. Not as first process of a PID namespace (409).",
    result: "{}",
    parameters: [answerFirst],
  },
  {
    id: "fetch",
    description:
      "Gets a URL, directly or through an explicit proxy. Proxy variables are not looked at by themselves.",
    result:
      "ok; via: direct, absolute-uri or connect; when ok: status, body (text); otherwise: error, code, proxyStatus (what a refusing CONNECT answered)",
    parameters: [
      { name: "url", type: "string", description: "http:// or https://.", required: true },
      {
        name: "proxy",
        type: "string",
        description: "http:// or https:// URL of a proxy; its user and password are sent at once.",
      },
      { name: "proxyEnv", type: "string", description: "Name of the variable that holds the proxy's URL." },
      { name: "connect", type: "boolean", description: "CONNECT for http:// URLs too. Default false." },
      { name: "insecureTls", type: "boolean", description: "Accept any certificate. Default false." },
      { name: "timeoutMs", type: "integer", description: "Default 10,000.", min: 1 },
    ],
  },
  {
    id: "reach",
    description: "Tries to get out of its guest without any proxy, to an address and port.",
    result: "reached: a connection was made or an answer came; otherwise error",
    parameters: [
      {
        name: "how",
        type: "string",
        description: "A TCP connection; a UDP datagram, which has to be answered; a DNS query to a resolver.",
        required: true,
        oneOf: ["tcp", "udp", "dns"],
      },
      { name: "host", type: "string", description: "A name or an address.", required: true },
      { name: "port", type: "integer", description: "Where.", required: true, min: 1, max: 65_535 },
      {
        name: "inChild",
        type: "boolean",
        description: "A process of its own tries it, with PATH alone. Default false.",
      },
      { name: "timeoutMs", type: "integer", description: "Default 1,000.", min: 1 },
    ],
  },
  {
    id: "sleep",
    description: "Answers after a while.",
    result: "{}",
    parameters: [
      { name: "ms", type: "integer", description: "How long.", required: true, min: 0, max: 2_147_483_647 },
    ],
  },
];

/** A process as /proc shows it. */
export interface ProcessFacts {
  /** Its own id. */
  readonly pid: number;
  /** Its parent's. */
  readonly ppid: number;
  /** Its process group's. */
  readonly pgid: number;
  /** Its session's. */
  readonly sid: number;
}

/** Parameters and answer of each operation. */
export interface FixtureOperations {
  /** Gives its parameters back. */
  echo: { params: object; result: unknown };
  /** Gives the whole ExecuteRequest back. */
  request: { params: object; result: Record<string, unknown> };
  /** What StartProvider brought. */
  config: {
    params: Record<string, never>;
    result: { started: boolean; name?: string; config?: unknown; protocolVersion?: number };
  };
  /** What the behaviours at start found and left. */
  boot: {
    params: Record<string, never>;
    result: { children: (ProcessFacts & { kind: string })[]; cache?: { found: boolean; value: string } };
  };
  /** The arguments it was started with. */
  args: { params: Record<string, never>; result: { args: string[]; base64: string[] } };
  /** The environment it was started with. */
  env: {
    params: { readonly name?: string };
    result: { env: Record<string, string>; base64: Record<string, string>; repeated: string[] };
  };
  /** Where and as whom it runs. */
  identity: {
    params: Record<string, never>;
    result: {
      cwd: string;
      uid: number;
      gid: number;
      home: string;
      tmpdir: string;
      hostname: string;
      node: string;
    };
  };
  /** Its own process and its descendants. */
  processes: {
    params: Record<string, never>;
    result: ProcessFacts & {
      insidePid: number;
      insideParentPid: number;
      descendants: (ProcessFacts & { state: string; name: string })[];
    };
  };
  /** Uses the Cache host service. */
  cache: {
    params: {
      readonly key: string;
      readonly value?: string;
      readonly action?: "round-trip" | "get" | "set" | "delete";
      readonly ttlMs?: number;
      readonly envVar?: string;
      readonly timeoutMs?: number;
    };
    result: { found: boolean; value: string; deleted?: boolean };
  };
  /** Writes numbered lines: {@link fixtureLogLine}. */
  log: {
    params: {
      readonly count?: number;
      readonly bytes?: number;
      readonly stream?: "stdout" | "stderr" | "both";
      readonly first?: number;
      readonly filler?: string;
      readonly invalidUtf8?: boolean;
      readonly blankLines?: boolean;
      readonly finalNewline?: boolean;
    };
    result: Record<"stdout" | "stderr", number>;
  };
  /** Ends with an exit code. */
  exit: { params: { readonly answerFirst?: boolean; readonly code?: number }; result: Record<string, never> };
  /** Dies without cleaning up. */
  crash: {
    params: { readonly answerFirst?: boolean; readonly how: "SIGSEGV" | "SIGABRT" | "SIGKILL" | "uncaught" };
    result: Record<string, never>;
  };
  /** From now on SIGTERM does nothing. */
  "ignore-sigterm": { params: { readonly ignore?: boolean }; result: Record<string, never> };
  /** Starts a process that outlives it unless somebody ends it. */
  spawn: {
    params: {
      readonly kind?: "plain" | "session" | "daemon";
      readonly ignoreSigterm?: boolean;
      readonly output?: "inherit" | "ignore";
      readonly emptyEnvironment?: boolean;
      readonly lifetimeMs?: number;
    };
    result: ProcessFacts;
  };
  /** Sends itself SIGSTOP. */
  "stop-self": { params: { readonly answerFirst?: boolean }; result: Record<string, never> };
  /** Gets a URL, directly or through an explicit proxy. */
  fetch: {
    params: {
      readonly url: string;
      readonly proxy?: string;
      readonly proxyEnv?: string;
      readonly connect?: boolean;
      readonly insecureTls?: boolean;
      readonly timeoutMs?: number;
    };
    result:
      | { ok: true; via: "direct" | "absolute-uri" | "connect"; status: number; body: string }
      | {
          ok: false;
          via: "direct" | "absolute-uri" | "connect";
          error: string;
          code?: string;
          proxyStatus?: number;
        };
  };
  /** Tries to get out of its guest without any proxy. */
  reach: {
    params: {
      readonly how: "tcp" | "udp" | "dns";
      readonly host: string;
      readonly port: number;
      readonly inChild?: boolean;
      readonly timeoutMs?: number;
    };
    result: { reached: boolean; error?: string };
  };
  /** Answers after a while. */
  sleep: { params: { readonly ms: number }; result: Record<string, never> };
}

/** The name of an operation. */
export type FixtureOperationId = keyof FixtureOperations;

/** The parameters of `log`. */
export type LogParams = FixtureOperations["log"]["params"];
/** The parameters of `spawn`. */
export type SpawnParams = FixtureOperations["spawn"]["params"];
/** The parameters of `fetch`. */
export type FetchParams = FixtureOperations["fetch"]["params"];
/** The parameters of `reach`. */
export type ReachParams = FixtureOperations["reach"]["params"];
/** The answer of `reach`. */
export type ReachResult = FixtureOperations["reach"]["result"];
/** The answer of `fetch`. */
export type FetchResult = FixtureOperations["fetch"]["result"];
