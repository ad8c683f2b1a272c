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
  readonly displayName?: string;
  readonly description?: string;
  /** Semantic version. Default: none. */
  readonly version?: string;
  /** Sentences that the operator should read, for example why plugins can't be hosted here. */
  readonly warnings?: readonly string[];
}

/** What a health check found (LIFE-4). */
export interface HealthReport {
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
  readonly state: SessionState;
  /** As StartSession brought it, unchanged (SESS-2). */
  readonly metadata?: StringMap;
  readonly lifecycle?: SessionLifecycle;
  /** One word, where the state needs a reason (SESS-4). */
  readonly stateReason?: string;
  /** A sentence that an operator understands. */
  readonly stateMessage?: string;
}

/** What StartSession asks for. */
export interface StartSessionRequest {
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
  readonly sessionId?: string;
  readonly envVar?: string;
  readonly relayTarget?: string;
}

/** What StartPlugin asks for. */
export interface StartPluginRequest {
  readonly sessionId: string;
  readonly pluginName: string;
  /** Run it as it is: no shell, no splitting, no trimming (PLUG-1). Not empty. */
  readonly command: string;
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
  readonly sessionId?: string;
  readonly pluginName?: string;
  /** Where the host dials the plugin: `unix:///path`, `tcp://host:port` or `tls://host:port` (DIAL-1). */
  readonly dialTarget: string;
}

/** One checkout of a workspace: later hosts only. */
export interface GitCheckout {
  readonly url: string;
  readonly ref: string;
  /** Relative to the workspace's root. */
  readonly path: string;
}

/** What PrepareWorkspace asks for: later hosts only (WORK-2). */
export interface PrepareWorkspaceRequest {
  readonly sessionId: string;
  readonly agentSessionId: string;
  readonly checkouts: readonly GitCheckout[];
  /** Relative to the workspace's root. */
  readonly cwd: string;
}

/** A prepared workspace: absolute paths inside the guest, `cwd` inside `root` (WORK-2). */
export interface PreparedWorkspace {
  readonly root: string;
  readonly cwd: string;
}

/** What RemoveWorkspace asks for. Both may name what never was (WORK-3). */
export interface RemoveWorkspaceRequest {
  readonly sessionId: string;
  readonly agentSessionId: string;
}
