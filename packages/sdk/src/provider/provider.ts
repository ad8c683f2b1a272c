import type { BackgroundContext, CallContext, ConfigureContext } from "./context.js";
import type * as t from "./types.js";

/** A value, or a promise of it: methods may be `async` or not. */
export type Awaitable<T> = T | Promise<T>;

/**
 * A runtime provider at level 1: one method for each RPC of the protocol, on plain types.
 *
 * Before a method is called its request has been checked; before its answer leaves, the answer is checked
 * too. A wrong answer becomes INTERNAL, with what was wrong. Throw a `RuntimeProviderError` to choose the gRPC
 * status. No runtime method is called before `configure` has succeeded (LIFE-6).
 */
export interface PluginRuntimeProvider {
  /** Read on every GetProviderIdentity; a getter may say more once configured (LIFE-1). */
  readonly identity?: t.ProviderIdentity;

  /** Checks the configuration before `configure` sees it (LIFE-3); make it with `jsonSchema`. */
  readonly configSchema?: t.ConfigSchema;

  /**
   * Takes the operator's configuration; `{}` when there is none. Called until it succeeds, then never again
   * (LIFE-2). What it throws refuses the configuration.
   */
  configure?(config: t.JsonObject, context: ConfigureContext): Awaitable<void>;

  /** Begins background work, right after `configure` has succeeded; the host is not kept waiting (LIFE-5). */
  start?(context: BackgroundContext): Awaitable<void>;

  /** Reports trouble as an answer; what it throws is reported as `ready: false` too (LIFE-4). */
  healthCheck?(context: CallContext): Awaitable<t.HealthReport>;

  /** What this runtime can do (SUP-1). */
  getSupport(context: CallContext): Awaitable<t.RuntimeSupport>;

  /** Makes a session; it may still be `pending` (SESS-1). After a cancelled call none may be left (SESS-13). */
  startSession(request: t.StartSessionRequest, context: CallContext): Awaitable<t.Session>;

  /** The session as it is known now, from memory (SESS-5); undefined for NOT_FOUND (SESS-6). */
  getSession(sessionId: string, context: CallContext): Awaitable<t.Session | undefined>;

  /** Every live session, failed ones too, stopped ones not (SESS-7). The order does not matter. */
  listSessions?(context: CallContext): Awaitable<readonly t.Session[]>;

  /** Ends the session and all that it started; a session that is not there is no error (SESS-8). */
  stopSession(sessionId: string, context: CallContext): Awaitable<void>;

  /** Keeps a host service for the session's plugin (BIND). Hosts from May 2026 do not call it. */
  bindHostService?(request: t.BindHostServiceRequest, context: CallContext): Awaitable<t.HostServiceBinding>;

  /** Starts the plugin and returns when it accepts gRPC connections (PLUG-4). */
  startPlugin(request: t.StartPluginRequest, context: CallContext): Awaitable<t.HostedPlugin>;

  /** Makes a workspace in the session's guest: later hosts only (WORK-2). Left out: UNIMPLEMENTED (WORK-1). */
  readonly prepareWorkspace?:
    | ((request: t.PrepareWorkspaceRequest, context: CallContext) => Awaitable<t.PreparedWorkspace>)
    | undefined;

  /** Removes a workspace; idempotent (WORK-3). Left out: OK (WORK-1). */
  removeWorkspace?(request: t.RemoveWorkspaceRequest, context: CallContext): Awaitable<void>;

  /**
   * Takes out of a text what this provider knows to be secret. Called for all that leaves beside answers: error texts, the message of
   * HealthCheck, and every line of the log that the SDK writes or that goes through a call's logger. Fast: it is
   * called for each of them. Web tokens and passwords in URLs are taken out of log lines without it.
   */
  redact?(text: string): string;

  /**
   * The close hook: ends everything that is left, once no more calls are served. The provider ends about 1 s
   * later in any case, so end all sessions at once (PROC-6, PROC-8).
   */
  close?(): Awaitable<void>;
}
