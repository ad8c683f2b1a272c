import { randomUUID } from "node:crypto";
import {
  defaultStateDirectory,
  logForwarderFromEnvironment,
  openInstanceDirectory,
  RuntimeProviderError,
  type BindHostServiceRequest,
  type CallContext,
  type ConfigSchema,
  type ConfigureContext,
  type HostedPlugin,
  type HostServiceBinding,
  type InstanceDirectory,
  type JsonObject,
  type PluginRuntimeProvider,
  type ProviderIdentity,
  type RuntimeSupport,
  type Session,
  type StartPluginRequest,
  type StartSessionRequest,
} from "@gestalt-runtime/sdk";
import { readConfig, type Config } from "./config.js";
import { ProcessSession } from "./process-session.js";

export interface ProcessRuntimeOptions {
  readonly identity: ProviderIdentity;
  readonly configSchema: ConfigSchema;
  /** Why plugins can't be run here. */
  readonly cannotHost: string | undefined;
}

/** One method for each call of the host. What is asked has been checked, and what is answered will be. */
export class ProcessRuntime implements PluginRuntimeProvider {
  readonly identity: ProviderIdentity;
  readonly configSchema: ConfigSchema;
  readonly #cannotHost: string | undefined;
  readonly #logs = logForwarderFromEnvironment();
  readonly #sessions = new Map<string, ProcessSession>();
  /** Of this instance alone, and removed by the next one if this one is killed. */
  #instance: InstanceDirectory | undefined;
  #config: Config = { stopGraceMs: 0 };
  #count = 0;

  constructor({ identity, configSchema, cannotHost }: ProcessRuntimeOptions) {
    this.identity = cannotHost === undefined ? identity : { ...identity, warnings: [cannotHost] };
    this.configSchema = configSchema;
    this.#cannotHost = cannotHost;
  }

  async configure(config: JsonObject, { name }: ConfigureContext): Promise<void> {
    this.#config = readConfig(config);
    if (this.#cannotHost !== undefined) return;
    this.#instance = await openInstanceDirectory({
      root: defaultStateDirectory("__NAME__", name),
      removeRoot: true,
    });
  }

  /** Claim no more than you keep: the host trusts it. */
  getSupport(): RuntimeSupport {
    return {
      canHostPlugins: this.#cannotHost === undefined,
      hostServiceAccess: "direct",
      egressMode: "none",
    };
  }

  async startSession(request: StartSessionRequest, { signal }: CallContext): Promise<Session> {
    const { pluginName, metadata, image, template } = request;
    for (const [field, value] of Object.entries({ image, template }))
      if (value !== undefined)
        throw new RuntimeProviderError(
          "INVALID_ARGUMENT",
          `this runtime has no ${field}s; remove plugins.${pluginName}.execution.runtime.${field}`,
        );
    if (this.#instance === undefined)
      throw new RuntimeProviderError("FAILED_PRECONDITION", this.#cannotHost ?? "it is not configured");
    // Never used again, not even by another instance.
    const id = `s-${randomUUID()}`;
    this.#count += 1;
    const session = await ProcessSession.open({
      id,
      metadata,
      // Short: the plugin's socket is put there, and a socket's path has room for 107 bytes.
      directory: `${this.#instance.path}/${this.#count}`,
      config: this.#config,
      log: this.#logs.session(id),
    });
    this.#sessions.set(id, session);
    // The host will never know of it.
    if (signal.aborted) await this.stopSession(id);
    return session.answer();
  }

  getSession(sessionId: string): Session | undefined {
    return this.#sessions.get(sessionId)?.answer();
  }

  listSessions(): Session[] {
    return [...this.#sessions.values()]
      .map((session) => session.answer())
      .filter(({ state }) => state !== "stopped");
  }

  async stopSession(sessionId: string): Promise<void> {
    await this.#sessions.get(sessionId)?.stop();
    this.#sessions.delete(sessionId);
  }

  bindHostService({ sessionId, envVar, relayTarget }: BindHostServiceRequest): HostServiceBinding {
    return this.#mustBeThere(sessionId).bind(envVar, relayTarget);
  }

  startPlugin(request: StartPluginRequest, { signal }: CallContext): Promise<HostedPlugin> {
    return this.#mustBeThere(request.sessionId).start(request, signal);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((id) => this.stopSession(id)));
    await this.#logs.close();
    await this.#instance?.close();
  }

  #mustBeThere(sessionId: string): ProcessSession {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) return session;
    throw new RuntimeProviderError("NOT_FOUND", `there is no session ${JSON.stringify(sessionId)}`);
  }
}
