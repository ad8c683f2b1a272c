import type { LogForwarderOptions } from "../logs/index.js";
import type { Logger } from "../provider/logger.js";
import type { StringMap } from "../provider/types.js";
import type {
  EgressPlan,
  Ended,
  ExecOptions,
  FoundGuest,
  Guest,
  GuestFacts,
  GuestRequest,
  Json,
  PluginIo,
  PluginRequest,
  RunningPlugin,
} from "./guest.js";
import type { SessionLimits } from "./limits.js";
import type { SessionStore } from "./session-store.js";
import type { WorkspaceBackend } from "./workspaces.js";

/**
 * What the author of a level-2 provider writes: how a guest is made, how a program is started in it, how both
 * are removed. States, ids, bindings, environment, logs, readiness, cancellation, retries, recovery and clean-up
 * are the runtime's.
 *
 * Required are `traits`, `create`, `destroy`, and `launch` or a plugin that `create` starts. All else is a
 * capability: the runtime uses what is there.
 *
 * `H` is the author's own handle on a guest: plain JSON, since a store and a later process must be able to use
 * it. Live objects, such as connections, are the author's cache.
 *
 * Every method does no harm when it is called again with the same arguments. It may ignore `context.signal`: the
 * runtime walks away by itself, and destroys what arrives late. Methods of one session never overlap, except
 * `inspect`, which only looks, and `destroy`, which may overtake all. Throw a `BackendError` to say more than
 * "it failed".
 */
export interface SessionBackend<H extends Json = Json> {
  /** What the host is told, and what the runtime relies on; read once, when configured. */
  readonly traits: BackendTraits;
  /** Bounds that the operator configured; they override those of `createSessionRuntime`. */
  readonly limits?: SessionLimits;
  /** How output is brought to the host's log host, as the operator configured it; not asked where the runtime has `logs`. */
  readonly logs?: Omit<LogForwarderOptions, "target" | "token">;
  /**
   * Where sessions are written down. Default: a `fileSessionStore` in the user's own folder below the temporary
   * directory where `traits.outlivesProvider`, else memory.
   */
  readonly store?: SessionStore;
  /** Proves that the backend works. Drives HealthCheck; called at the runtime's pace, not the host's. */
  check?(context: BackendContext): Promise<void>;
  /**
   * Makes the guest, and resolves when a program can be started in it, however long that takes: the session is
   * `pending` meanwhile. Where a guest with `request.name` and this session's labels exists already, that is it.
   */
  create(request: GuestRequest, context: BackendContext): Promise<Guest<H>>;
  /**
   * Closes the guest's network to all but what `egress` lists, before `launch`; resolves when that is in force.
   * Called where the plan says `enforce`, and again when addresses in it have changed.
   */
  restrict?(handle: H, egress: EgressPlan, context: BackendContext): Promise<void>;
  /**
   * Starts the program and returns at once: waiting for readiness is the runtime's. Left out by backends whose
   * `create` starts it (`Guest.plugin`).
   */
  launch?(handle: H, plugin: PluginRequest, context: BackendContext): Promise<RunningPlugin>;
  /**
   * Removes the guest, its programs and everything that was made for them. "going" is enough where removing
   * takes long: it is called again until it says "gone". A guest that is not there is "gone".
   */
  destroy(handle: H, context: BackendContext): Promise<"gone" | "going">;
  /** What is known about the guest now. Throw on doubt: only an answer changes a session's state. */
  inspect?(handle: H, context: BackendContext): Promise<GuestFacts>;
  /**
   * The guests that carry all these labels, whoever made them. One listing call, not one call per guest. A handle
   * may lack what only its maker knew: where the store has one, that is used.
   */
  find?(labels: StringMap, context: BackendContext): AsyncIterable<FoundGuest<H>>;
  /** Watches a program that runs already, after a restart (REC-1) or where its watch broke off. */
  adopt?(handle: H, io: PluginIo, context: BackendContext): Promise<RunningPlugin>;
  /**
   * Runs a helper program in the guest and resolves when it has ended. With it, and the runtime's option
   * `guestBridge`, a plugin's listener is reached where `launch` gives no `reach` and the guest shares no directory.
   */
  exec?(handle: H, argv: readonly string[], options: ExecOptions, context: BackendContext): Promise<Ended>;
  /** Makes and removes workspaces: later hosts only (WORK-2). */
  readonly workspaces?: WorkspaceBackend<H>;
  /** Called once, when the provider ends, after all guests were destroyed or time was up. */
  close?(): Promise<void>;
}

/** Facts about a backend, known once it is configured. */
export interface BackendTraits {
  /** A word such as `"process"`; part of labels and error texts. */
  readonly kind: string;
  /** A sentence for the operator, where plugins can't be hosted here at all (SUP-2, PROC-10). Default: they can. */
  readonly cannotHost?: string;
  /** What operators should know, such as what can't be enforced here; added to the identity's warnings (LIFE-1). Default none. */
  readonly warnings?: readonly string[];
  /**
   * When the guest is made. `"session"`: from StartSession on. `"plugin"`: from StartPlugin on, for backends
   * that take command, environment or network rules only when a guest is made; the session is `ready` at once.
   * Default `"session"`.
   */
  readonly createAt?: "session" | "plugin";
  /** What StartSession must bring (SESS-3). Default `"nothing"`. */
  readonly needs?: "nothing" | "image" | "template" | "image or template";
  /** What StartSession may bring; anything else is refused, since the operator asked for it in vain. Default both. */
  readonly accepts?: readonly ("image" | "template")[];
  /** How far an egress policy is enforced (SUP-4). */
  readonly egress: "none" | "cidr" | "hostname";
  /**
   * How plugins reach the host's services (SUP-3).
   *
   * - `"direct"`: the host's sockets are visible in the guest under their own paths (BIND-2).
   * - `"shared"`: the runtime puts a socket for each of them into `Guest.shared`, and pipes.
   * - `"relay"`: over the network, through the host's public relay (BIND-3).
   */
  readonly hostServices: "direct" | "shared" | "relay";
  /**
   * Where a plugin listens in a guest without `Guest.shared`: on a Unix socket of its own below `directory`
   * (default `/tmp`), or on a free port; plugins of the Go, Rust and Node.js SDKs can't listen on TCP.
   */
  readonly listener?:
    | { readonly type: "unix"; readonly directory: string }
    | { readonly type: "tcp"; readonly host: string; readonly ports: readonly [first: number, last: number] };
  /** True when guests live on after this process: sessions are then written down and found again (REC-1). Default false. */
  readonly outlivesProvider?: boolean;
  /** The longest life that the backend grants; a session's lifetime is never longer. */
  readonly maxLifetimeMs?: number;
  /** What labels can hold; their keys have 24 bytes at most. Default: 64 entries, values of 1,024 bytes. */
  readonly labels?: { readonly entries: number; readonly valueBytes: number };
}

/** What every call of a backend brings along. */
export interface BackendContext {
  /** Aborts when the result is no longer wanted. */
  readonly signal: AbortSignal;
  /** When the runtime stops waiting for this call. */
  readonly deadline: Date;
  /** Empty for calls that belong to no session. */
  readonly sessionId: string;
  /** Says what is being done: a line in the session's log and, while it is `pending`, its `state_message`. */
  readonly progress: (text: string) => void;
  /**
   * One call of a cloud within a method that makes several: counted by the runtime's rate limit, and repeated
   * with backoff when it throws a `BackendError` that is `retryable`.
   */
  readonly call: <T>(work: () => Promise<T>) => Promise<T>;
  /** The provider's own log, which operators of the host read; `progress` is for the session's. */
  readonly logger: Logger;
}
