/** Any value that JSON can hold. Numbers of a configuration arrive as doubles (LIFE-3). */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** An object of JSON values, such as the operator's configuration. */
export type JsonObject = Record<string, JsonValue>;

/** Names and values that are all text. */
export type StringMap = Readonly<Record<string, string>>;

/** Checks a configuration; `jsonSchema` and `jsonSchemaFile` make one. */
export interface ConfigSchema {
  /**
   * Resolves to the configuration, with defaults filled in. Throws an INVALID_ARGUMENT that names every
   * offending path where it is wrong (LIFE-3).
   *
   * @param providerName the operator's name of the provider, for the error's text
   */
  check(config: JsonObject, providerName: string): Promise<JsonObject>;
}

/** Who a provider is, as operators see it (LIFE-1). Everything is optional and may change once configured. */
export interface ProviderIdentity {
  /** Default: the name that the operator gave, or `"runtime"` before configuration. */
  readonly name?: string;
  /** For people. Default: `name`. */
  readonly displayName?: string;
  /** A sentence or two on what the runtime does. */
  readonly description?: string;
  /** Semantic version. Default: none. */
  readonly version?: string;
  /** Sentences that the operator should read, for example why plugins can't be hosted here. */
  readonly warnings?: readonly string[];
}

/** What a health check found (LIFE-4). */
export interface HealthReport {
  /** Whether plugins could be hosted now. */
  readonly ready: boolean;
  /** What is wrong, where `ready` is false. */
  readonly message?: string;
}

/** What a runtime can do (SUP-1): true, and the same every time once configured. */
export interface RuntimeSupport {
  /** False makes the host refuse hosted execution at once (SUP-2). */
  readonly canHostPlugins: boolean;
  /** `direct` only when guest-local sockets can be exposed in a session (SUP-3). Default `none`. */
  readonly hostServiceAccess?: "none" | "direct";
  /** `hostname` only when hostname-based allow lists are enforced (SUP-4). Default `none`. */
  readonly egressMode?: "none" | "cidr" | "hostname";
  /** True only with a `prepareWorkspace` method (WORK-1). Default false. */
  readonly supportsPrepareWorkspace?: boolean;
}

/** The states of a session that the host knows. */
export type SessionState = "pending" | "ready" | "running" | "stopped" | "failed";

/** Times of a session, in this order where set (SESS-9). Leave out what is not known. */
export interface SessionLifecycle {
  /** When the session was made. */
  readonly startedAt?: Date;
  /** From here on a pool prepares a successor. */
  readonly recommendedDrainAt?: Date;
  /** From here on the host refuses relayed calls. */
  readonly expiresAt?: Date;
}

/** A session as the host sees it. */
export interface Session {
  /** Not empty; unique for the life of the backend, also across restarts of the provider (SESS-1). */
  readonly id: string;
  /** The host waits for `ready` or `running`; `failed` and `stopped` end its wait (SESS-4). */
  readonly state: SessionState;
  /** As StartSession brought it, unchanged (SESS-2). */
  readonly metadata?: StringMap;
  /** Default: no times are known. */
  readonly lifecycle?: SessionLifecycle;
  /** One word, where the state needs a reason (SESS-4). */
  readonly stateReason?: string;
  /** A sentence that an operator understands. */
  readonly stateMessage?: string;
}

/** What StartSession asks for. */
export interface StartSessionRequest {
  /** The plugin's name in the operator's configuration. */
  readonly pluginName: string;
  /** The operator's `template`, where set (SESS-3). */
  readonly template?: string;
  /** The operator's `image`, where set (SESS-3). */
  readonly image?: string;
  /** Secret: the text of a docker `config.json` for pulling `image`, where set. Never log or store it. */
  readonly dockerConfigJson?: string;
  /** The operator's entries, and the host's `provider_kind` and `provider_name`. */
  readonly metadata: StringMap;
}

/** What BindHostService asks for. */
export interface BindHostServiceRequest {
  /** A session's id as StartSession answered it; not empty (SESS-6). */
  readonly sessionId: string;
  /** Under this name the plugin finds the service. Not empty. */
  readonly envVar: string;
  /** The dial target of the service as the host gave it; its form has been checked (BIND-5). */
  readonly relayTarget: string;
}

/** A bound host service (BIND-1). What is left out is answered as it was asked. */
export interface HostServiceBinding {
  /** The runtime's own id of the binding; not empty. */
  readonly id: string;
  /** The session that it is bound in. */
  readonly sessionId?: string;
  /** The name that the plugin finds it under. */
  readonly envVar?: string;
  /** The relay's dial target as the host gave it. */
  readonly relayTarget?: string;
}

/** What StartPlugin asks for. */
export interface StartPluginRequest {
  /** A session's id as StartSession answered it; not empty (SESS-6). */
  readonly sessionId: string;
  /** The plugin's name; it finds it under `GESTALT_PLUGIN_NAME` (PLUG-3). */
  readonly pluginName: string;
  /** Run it as it is: no shell, no splitting, no trimming (PLUG-1). Not empty. */
  readonly command: string;
  /** In this order, empty ones too (PLUG-1). */
  readonly args: readonly string[];
  /** The request's part of the plugin's environment (PLUG-2); names and values have been checked. */
  readonly env: StringMap;
  /** The egress policy (EGR-1). */
  readonly allowedHosts: readonly string[];
  /** `"allow"`, `"deny"` or empty. */
  readonly defaultAction: string;
  /** Path of the host's sandbox helper; empty on every host seen (PLUG-8). */
  readonly hostBinary: string;
}

/** A started plugin (PLUG-5). What is left out is answered as it was asked. */
export interface HostedPlugin {
  /** The runtime's own id of the plugin; not empty. */
  readonly id: string;
  /** The session that it runs in. */
  readonly sessionId?: string;
  /** As StartPlugin named it. */
  readonly pluginName?: string;
  /** Where the host dials the plugin: `unix:///path`, `tcp://host:port` or `tls://host:port` (DIAL-1). */
  readonly dialTarget: string;
}

/** One checkout of a workspace: later hosts only. */
export interface GitCheckout {
  /** What to clone. */
  readonly url: string;
  /** Branch, tag or commit. */
  readonly ref: string;
  /** Relative to the workspace's root. */
  readonly path: string;
}

/** What PrepareWorkspace asks for: later hosts only (WORK-2). */
export interface PrepareWorkspaceRequest {
  /** The session whose guest gets the workspace. */
  readonly sessionId: string;
  /** The host's own id of the agent's session: RemoveWorkspace names it again. */
  readonly agentSessionId: string;
  /** What the workspace holds. */
  readonly checkouts: readonly GitCheckout[];
  /** Relative to the workspace's root. */
  readonly cwd: string;
}

/** A prepared workspace: absolute paths inside the guest, `cwd` inside `root` (WORK-2). */
export interface PreparedWorkspace {
  /** The workspace's folder. */
  readonly root: string;
  /** Where the agent works. */
  readonly cwd: string;
}

/** What RemoveWorkspace asks for. Both may name what never was (WORK-3). */
export interface RemoveWorkspaceRequest {
  /** The session whose guest has the workspace. */
  readonly sessionId: string;
  /** As PrepareWorkspace had it. */
  readonly agentSessionId: string;
}
