import { waitForHttp2 } from "../dial-target/http2-probe.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { systemClock } from "../logs/clock.js";
import { logForwarderFromEnvironment, type LogForwarder } from "../logs/index.js";
import type { CallContext, ConfigureContext } from "../provider/context.js";
import type { PluginRuntimeProvider } from "../provider/provider.js";
import type * as plain from "../provider/types.js";
import { defaultStateDirectory } from "../state-directory/index.js";
import { fileSessionStore, memorySessionStore } from "../store/index.js";
import type { SessionBackend } from "./backend.js";
import { BackendCalls } from "./backend-calls.js";
import type { Json } from "./guest.js";
import { Health } from "./health.js";
import { HostDirectory } from "./host-directory.js";
import { resolveLimits, type SessionLimits } from "./limits.js";
import { PortBook } from "./listeners.js";
import { Peers } from "./peers.js";
import { Recovery } from "./recovery.js";
import type { RuntimeSession } from "./session.js";
import type { OpenSessionStore, SessionStore } from "./session-store.js";
import { SessionSecrets } from "./session-secrets.js";
import { SessionTable } from "./session-table.js";
import { assertCanStart } from "./start-session-checks.js";
import type { OpenGuestBridge, Surroundings, UntilHttp2 } from "./surroundings.js";
import { settledWithin, sharedController, type Clock } from "./waiting.js";

/** What the author of a provider, rather than of a backend, decides. */
export interface SessionRuntimeOptions {
  /** Who the provider is (LIFE-1). The backend's warnings, and what keeps it from hosting plugins, are added to its own. */
  readonly identity?: plain.ProviderIdentity;
  /** Checks the configuration (LIFE-3); make it with `jsonSchema`. */
  readonly configSchema?: plain.ConfigSchema;
  /** Bounds and waits; those of the backend come first. */
  readonly limits?: SessionLimits;
  /** Takes the sessions' logs. Default: the host's log host, else stderr (LOGS-5). */
  readonly logs?: LogForwarder;
  /**
   * Sessions of other living instances, where the backend has `find`. `"visible"`: GetSession, ListSessions and
   * StopSession know them, from a listing made now and then. Default `"visible"`.
   */
  readonly peers?: "visible" | "hidden";
  /**
   * Guests that outlived an instance which is proven dead. `"keep"`: their sessions are found again (REC-1), and
   * stopped when no call names them for `recoveredTimeoutMs`. `"destroy"`: they are removed. Default `"keep"`.
   */
  readonly leftovers?: "keep" | "destroy";
  /**
   * When the provider ends. `"destroy"`: all removals are asked for at once, and what is not gone in PROC-6's time
   * is written down for the next instance. `"keep"`: guests that outlive the provider stay. Default `"destroy"`.
   */
  readonly onShutdown?: "destroy" | "keep";
  /**
   * Reaches plugins in guests of a backend that has nothing but `exec`: `guestBridge` of
   * `@gestalt-runtime/sdk/guests`. Default: none; such a backend gives `RunningPlugin.reach` itself.
   */
  readonly guestBridge?: OpenGuestBridge;
  /** For tests and simulations. Default: the clock of this machine. */
  readonly clock?: Clock;
}

/** What a test puts in the place of the machine. */
export interface RuntimeInternals {
  readonly untilHttp2?: UntilHttp2;
  readonly random?: () => number;
}

/** Makes the backend from the operator's configuration. What it throws refuses the configuration (LIFE-3). */
export type MakeBackend<H extends Json> = (
  config: plain.JsonObject,
  context: ConfigureContext,
) => SessionBackend<H> | Promise<SessionBackend<H>>;

/**
 * Makes a whole provider (level 2) of a backend: the runtime keeps ids, states, metadata, bindings,
 * environment, logs, readiness, cancellation, expiry, recovery and clean-up; the backend only makes guests.
 *
 * @param makeBackend called once with the operator's configuration; what it throws refuses the configuration
 */
export function createSessionRuntime<H extends Json>(
  makeBackend: MakeBackend<H>,
  options: SessionRuntimeOptions = {},
): PluginRuntimeProvider {
  return new SessionRuntime(makeBackend, options);
}

/** The parts of a configured runtime. */
interface Parts<H extends Json> {
  readonly around: Surroundings<H>;
  readonly peers: Peers<H>;
  readonly health: Health<H>;
}

export class SessionRuntime<H extends Json> implements PluginRuntimeProvider {
  readonly configSchema?: plain.ConfigSchema;
  readonly #sessions = new SessionTable<H>();
  readonly #over = sharedController();
  #parts: Parts<H> | undefined;
  #logs: LogForwarder | undefined;
  readonly #secrets = new SessionSecrets();
  #closed = false;

  constructor(
    private readonly makeBackend: MakeBackend<H>,
    private readonly options: SessionRuntimeOptions,
    private readonly internals: RuntimeInternals = {},
  ) {
    if (options.configSchema !== undefined) this.configSchema = options.configSchema;
  }

  redact(text: string): string {
    return this.#secrets.redact(text);
  }

  get identity(): plain.ProviderIdentity {
    const { identity = {} } = this.options;
    const { cannotHost, warnings = [] } = this.#parts?.around.backend.traits ?? {};
    const more = cannotHost === undefined ? warnings : [...warnings, cannotHost];
    return more.length === 0 ? identity : { ...identity, warnings: [...(identity.warnings ?? []), ...more] };
  }

  async configure(config: plain.JsonObject, context: ConfigureContext): Promise<void> {
    this.#secrets.shared.addConfig(config);
    this.#secrets.shared.addEnvironment(process.env);
    const backend = await this.makeBackend(config, context);
    // A configuration that is refused leaves nothing open: another may follow (LIFE-3).
    const around = await this.#surroundings(backend, context).catch(async (error: unknown) => {
      await backend.close?.();
      throw error;
    });
    const recovery = new Recovery(around, this.#sessions, this.options.leftovers ?? "keep");
    const isOwn = (sessionId: string): boolean =>
      this.#sessions.get(sessionId) !== undefined || recovery.isRemoving(sessionId);
    await recovery.begin();
    const parts = { around, peers: new Peers(around, isOwn), health: new Health(around) };
    if (this.#closed) {
      await this.#end(around);
      throw new RuntimeProviderError("UNAVAILABLE", "the provider is ending");
    }
    this.#parts = parts;
    if (this.options.peers !== "hidden") parts.peers.begin();
    const { cannotHost } = backend.traits;
    if (cannotHost !== undefined) context.logger.warn({}, cannotHost);
  }

  healthCheck(): Promise<plain.HealthReport> {
    return this.#configured().health.report();
  }

  getSupport(): plain.RuntimeSupport {
    const { traits, workspaces } = this.#configured().around.backend;
    const { cannotHost, hostServices, egress } = traits;
    return {
      canHostPlugins: cannotHost === undefined,
      hostServiceAccess: hostServices === "relay" ? "none" : "direct",
      egressMode: egress,
      ...(workspaces !== undefined && { supportsPrepareWorkspace: true }),
    };
  }

  async startSession(request: plain.StartSessionRequest, context: CallContext): Promise<plain.Session> {
    const { around } = this.#configured();
    assertCanStart(request, around.backend.traits);
    if (this.#closed) throw new RuntimeProviderError("UNAVAILABLE", "the provider is ending");
    const live = this.#sessions.countLive();
    if (live >= around.limits.maxSessions)
      throw new RuntimeProviderError(
        "RESOURCE_EXHAUSTED",
        `StartSession: ${live} sessions are open, which is this runtime's limit; stop some, or raise maxSessions`,
      );
    const session = this.#sessions.add({ how: "started", request }, around);
    await session.create(around.limits.startSessionWaitMs, context.signal);
    return session.describe();
  }

  getSession(sessionId: string): plain.Session | undefined {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return this.#parts?.peers.get(sessionId);
    session.touch();
    return session.describe();
  }

  listSessions(): plain.Session[] {
    // No sign that the host knows a session: it lists those too whose StartSession it has cancelled (SESS-13).
    const live = this.#sessions.all.filter((session) => session.isLive);
    const own = live.map((session) => session.describe());
    const peers = this.#configured().peers.list();
    return [
      ...own,
      ...peers.filter(({ id, state }) => state !== "stopped" && this.#sessions.get(id) === undefined),
    ];
  }

  async stopSession(sessionId: string): Promise<void> {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) {
      const { peers, around } = this.#configured();
      await settledWithin(around.clock, peers.stop(sessionId), around.limits.stopTimeoutMs);
      return;
    }
    session.touch();
    await session.stop();
  }

  bindHostService(request: plain.BindHostServiceRequest): plain.HostServiceBinding {
    return this.#require(request.sessionId).bind(request);
  }

  startPlugin(request: plain.StartPluginRequest, context: CallContext): Promise<plain.HostedPlugin> {
    return this.#require(request.sessionId).startPlugin(request, context.signal);
  }

  /** Only where the backend has workspaces: else level 1 answers UNIMPLEMENTED (WORK-1). */
  get prepareWorkspace(): PluginRuntimeProvider["prepareWorkspace"] {
    if (this.#parts?.around.backend.workspaces === undefined) return undefined;
    return (request, context) => this.#require(request.sessionId).prepareWorkspace(request, context.signal);
  }

  async removeWorkspace(request: plain.RemoveWorkspaceRequest): Promise<void> {
    await this.#sessions.get(request.sessionId)?.removeWorkspace(request.agentSessionId);
  }

  /** PROC-6, PROC-8: all sessions at once, whatever they are doing. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#parts !== undefined) await this.#end(this.#parts.around);
    await this.#logs?.close();
  }

  async #end({ backend, calls, limits, store, hostDirectory }: Surroundings<H>): Promise<void> {
    calls.close();
    const keepAll = this.options.onShutdown === "keep" && backend.traits.outlivesProvider === true;
    // What was found again but never asked for may be wanted by the instance that the host keeps (PROC-9).
    await Promise.all(
      this.#sessions.all.map((session) =>
        keepAll || session.isUnclaimedLeftover
          ? session.release()
          : session.shutDown(limits.shutdownTimeoutMs),
      ),
    );
    this.#over.abort(new RuntimeProviderError("CANCELLED", "the provider is ending"));
    await backend.close?.();
    await hostDirectory.close();
    await store.close();
  }

  async #surroundings(backend: SessionBackend<H>, context: ConfigureContext): Promise<Surroundings<H>> {
    const { traits } = backend;
    const { name: providerName, logger } = context;
    const limits = resolveLimits(traits, this.options.limits, backend.limits);
    const clock = this.options.clock ?? systemClock;
    const { random = Math.random, untilHttp2 = waitForHttp2 } = this.internals;
    const secrets = this.#secrets;
    const store = backend.store ?? defaultStore(traits.outlivesProvider === true, traits.kind, providerName);
    const hostDirectory = new HostDirectory(traits.kind, providerName);
    return {
      backend,
      limits,
      clock,
      random,
      untilHttp2,
      logger,
      providerName,
      calls: new BackendCalls(clock, limits, logger, secrets, random),
      logs: this.#forwarder(backend),
      store: await openStore(store, hostDirectory, context),
      hostDirectory,
      ports: new PortBook(),
      secrets,
      ...(this.options.guestBridge && { guestBridge: this.options.guestBridge }),
      over: this.#over.signal,
    };
  }

  #require(sessionId: string): RuntimeSession<H> {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) {
      if (this.#configured().peers.get(sessionId) !== undefined)
        throw new RuntimeProviderError(
          "FAILED_PRECONDITION",
          `session ${JSON.stringify(sessionId)} belongs to another instance of this provider, which alone can start its plugin`,
        );
      throw new RuntimeProviderError("NOT_FOUND", `there is no session ${JSON.stringify(sessionId)} here`);
    }
    session.touch();
    return session;
  }

  #configured(): Parts<H> {
    if (this.#parts !== undefined) return this.#parts;
    throw new RuntimeProviderError("FAILED_PRECONDITION", "the provider is not configured yet");
  }

  #forwarder({ logs }: SessionBackend<H>): LogForwarder {
    this.#logs ??= this.options.logs ?? logForwarderFromEnvironment(process.env, logs);
    return this.#logs;
  }
}

function defaultStore(outlives: boolean, kind: string, providerName: string) {
  return outlives ? fileSessionStore(defaultStateDirectory(kind, providerName)) : memorySessionStore();
}

async function openStore(
  store: SessionStore,
  hostDirectory: HostDirectory,
  { name: providerName, logger }: ConfigureContext,
): Promise<OpenSessionStore> {
  const opened = await store.open({ providerName, warn: (fields, text) => logger.warn(fields, text) });
  try {
    await hostDirectory.sweep();
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}
