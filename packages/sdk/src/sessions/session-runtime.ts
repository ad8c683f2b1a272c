import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { logForwarderFromEnvironment, type LogForwarder } from "../logs/index.js";
import type { CallContext, ConfigureContext } from "../provider/context.js";
import type { PluginRuntimeProvider } from "../provider/provider.js";
import type * as plain from "../provider/types.js";
import type { Json, SessionBackend, SessionLimits } from "./backend.js";
import { resolveLimits, type ResolvedLimits } from "./limits.js";
import { RuntimeSession } from "./session.js";
import { bounded } from "./waiting.js";

/** How long `check` of a backend may take before a health check reports it. */
const checkTimeoutMs = 10_000;
/** Ended sessions that are remembered until the host stops them; past that the oldest are forgotten. */
const maxEndedSessions = 1_000;

export interface SessionRuntimeOptions {
  /** Who the provider is (LIFE-1). What keeps it from hosting plugins is added to its warnings. */
  readonly identity?: plain.ProviderIdentity;
  /** Checks the configuration (LIFE-3); make it with `jsonSchema`. */
  readonly configSchema?: plain.ConfigSchema;
  /** Bounds and waits; those of the backend come first. */
  readonly limits?: SessionLimits;
  /** Takes the sessions' logs. Default: the host's log host, else stderr (LOGS-5). */
  readonly logs?: LogForwarder;
}

/**
 * Makes a whole provider (level 2) of a backend: the runtime keeps ids, states, metadata, bindings,
 * environment, logs, readiness, cancellation, expiry and clean-up; the backend only makes guests.
 *
 * @param makeBackend called once with the operator's configuration; what it throws refuses the configuration
 */
export function createSessionRuntime<H extends Json>(
  makeBackend: (
    config: plain.JsonObject,
    context: ConfigureContext,
  ) => SessionBackend<H> | Promise<SessionBackend<H>>,
  options: SessionRuntimeOptions = {},
): PluginRuntimeProvider {
  return new SessionRuntime(makeBackend, options);
}

class SessionRuntime<H extends Json> implements PluginRuntimeProvider {
  readonly configSchema?: plain.ConfigSchema;
  readonly #sessions = new Map<string, RuntimeSession<H>>();
  #backend: SessionBackend<H> | undefined;
  #limits: ResolvedLimits = resolveLimits();
  #logs: LogForwarder | undefined;
  #closed = false;

  constructor(
    private readonly makeBackend: (
      config: plain.JsonObject,
      context: ConfigureContext,
    ) => SessionBackend<H> | Promise<SessionBackend<H>>,
    private readonly options: SessionRuntimeOptions,
  ) {
    if (options.configSchema !== undefined) this.configSchema = options.configSchema;
  }

  get identity(): plain.ProviderIdentity {
    const { identity = {} } = this.options;
    const cannotHost = this.#backend?.traits.cannotHost;
    if (cannotHost === undefined) return identity;
    return { ...identity, warnings: [...(identity.warnings ?? []), cannotHost] };
  }

  async configure(config: plain.JsonObject, context: ConfigureContext): Promise<void> {
    const backend = await this.makeBackend(config, context);
    if (this.#closed) {
      await backend.close?.();
      throw new RuntimeProviderError("UNAVAILABLE", "the provider is ending");
    }
    this.#backend = backend;
    this.#limits = resolveLimits(this.options.limits, backend.limits);
    if (backend.traits.cannotHost !== undefined) context.logger.warn({}, backend.traits.cannotHost);
  }

  async healthCheck(context: CallContext): Promise<plain.HealthReport> {
    const backend = this.#configured();
    if (backend.traits.cannotHost !== undefined) return { ready: false, message: backend.traits.cannotHost };
    await bounded("the backend's check", checkTimeoutMs, context.signal, async (bounds) => {
      await backend.check?.({ ...bounds, sessionId: "", progress: () => undefined, logger: context.logger });
    });
    return { ready: true };
  }

  getSupport(): plain.RuntimeSupport {
    const { cannotHost, hostServices, egress } = this.#configured().traits;
    return {
      canHostPlugins: cannotHost === undefined,
      hostServiceAccess: hostServices === "direct" ? "direct" : "none",
      egressMode: egress,
    };
  }

  async startSession(request: plain.StartSessionRequest, context: CallContext): Promise<plain.Session> {
    const backend = this.#configured();
    this.#assertCanStart(request, backend);
    const session = new RuntimeSession<H>(request, {
      backend,
      logs: this.#forwarder(),
      limits: this.#limits,
      logger: context.logger,
      onGone: ({ id }) => this.#sessions.delete(id),
    });
    this.#sessions.set(session.id, session);
    await session.create(this.#limits.startSessionWaitMs, context.signal);
    return session.describe();
  }

  getSession(sessionId: string): plain.Session | undefined {
    const session = this.#sessions.get(sessionId);
    session?.touch();
    return session?.describe();
  }

  listSessions(): plain.Session[] {
    // No sign that the host knows a session: it lists those too whose StartSession it has cancelled (SESS-13).
    const live = [...this.#sessions.values()].filter((session) => session.isLive);
    return live.map((session) => session.describe());
  }

  async stopSession(sessionId: string): Promise<void> {
    const session = this.#sessions.get(sessionId);
    session?.touch();
    await session?.stop();
  }

  bindHostService(request: plain.BindHostServiceRequest): plain.HostServiceBinding {
    return this.#require(request.sessionId).bind(request);
  }

  startPlugin(request: plain.StartPluginRequest, context: CallContext): Promise<plain.HostedPlugin> {
    return this.#require(request.sessionId).startPlugin(request, context.signal);
  }

  /** PROC-6, PROC-8: all sessions at once, whatever they are doing. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      [...this.#sessions.values()].map((session) => session.shutDown(this.#limits.shutdownTimeoutMs)),
    );
    await this.#backend?.close?.();
    await this.#logs?.close();
  }

  #assertCanStart(request: plain.StartSessionRequest, backend: SessionBackend<H>): void {
    const { cannotHost, needs, kind, accepts = ["image", "template"] } = backend.traits;
    if (cannotHost !== undefined) throw new RuntimeProviderError("FAILED_PRECONDITION", cannotHost);
    if (this.#closed) throw new RuntimeProviderError("UNAVAILABLE", "the provider is ending");
    const given = { image: request.image !== undefined, template: request.template !== undefined };
    const missing =
      needs === "image or template" ? !given.image && !given.template : needs !== "nothing" && !given[needs];
    if (missing) {
      const field = `plugins.${request.pluginName}.execution.runtime.${needs === "template" ? "template" : "image"}`;
      throw new RuntimeProviderError(
        "INVALID_ARGUMENT",
        `StartSession: this runtime needs an ${needs} for the plugin ${JSON.stringify(request.pluginName)}; set ${field}`,
      );
    }
    for (const field of ["image", "template"] as const) {
      if (given[field] && !accepts.includes(field))
        throw new RuntimeProviderError(
          "INVALID_ARGUMENT",
          `StartSession: the ${kind} runtime has no ${field}s, but ${JSON.stringify(request[field])} was asked for; remove plugins.${request.pluginName}.execution.runtime.${field}`,
        );
    }
    const live = this.#forgetEnded();
    if (live >= this.#limits.maxSessions)
      throw new RuntimeProviderError(
        "RESOURCE_EXHAUSTED",
        `StartSession: ${live} sessions are open, which is this runtime's limit; stop some, or raise maxSessions`,
      );
  }

  /** Counts the sessions whose guest may live; of the others, forgets the oldest past a bound (SESS-12). */
  #forgetEnded(): number {
    const ended = [...this.#sessions.values()].filter((session) => session.isOver);
    for (const session of ended.slice(0, Math.max(0, ended.length - maxEndedSessions))) void session.stop();
    return this.#sessions.size - ended.length;
  }

  #require(sessionId: string): RuntimeSession<H> {
    const session = this.#sessions.get(sessionId);
    if (session === undefined)
      throw new RuntimeProviderError("NOT_FOUND", `there is no session ${JSON.stringify(sessionId)} here`);
    session.touch();
    return session;
  }

  #configured(): SessionBackend<H> {
    if (this.#backend !== undefined) return this.#backend;
    throw new RuntimeProviderError("FAILED_PRECONDITION", "the provider is not configured yet");
  }

  #forwarder(): LogForwarder {
    this.#logs ??= this.options.logs ?? logForwarderFromEnvironment(process.env);
    return this.#logs;
  }
}
