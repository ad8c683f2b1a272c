import { randomUUID } from "node:crypto";
import type { JsonObject } from "@bufbuild/protobuf";
import type { UnaryCallOptions } from "@gestalt-runtime/sdk/protocol";
import { HostTokens, type PublicListener } from "../relay/index.js";
import { AgentPool, resolvePool } from "../agents/index.js";
import { Admin } from "./admin.js";
import { HostError } from "./host-error.js";
import { hostTraits } from "./host-version.js";
import { HostedPlugin, type PluginOutcome } from "./hosted-plugin.js";
import { hostPlugin, planHosting, type HostingContext } from "./hosting.js";
import { LogStore } from "./log-store.js";
import {
  checkOptions,
  checkPlugin,
  providerOf,
  type AgentOptions,
  type GestaltdOptions,
  type PluginOptions,
} from "./options.js";
import type { ShutdownReport } from "./provider-process.js";
import { ProviderSlot } from "./provider-slot.js";
import { openPublicListener } from "./public-side.js";
import { hostLimits, hostTimes, type HostLimits } from "./times.js";
import { HostTrace } from "./trace.js";

/** How the providers of a host ended, by name; a provider that was never started is not there. */
export type GestaltdStopReport = Readonly<Record<string, ShutdownReport>>;

/**
 * A fake gestaltd. It behaves as the real one does towards its providers and plugins, and tells all that it did
 * in {@link FakeGestaltd.trace}. Dispose of it (`await using`) or call {@link FakeGestaltd.stop}.
 */
export class FakeGestaltd implements AsyncDisposable {
  /** All that it asked and saw, in order. */
  readonly trace: HostTrace;
  /** What operators see. */
  readonly admin: Admin;
  readonly #options: GestaltdOptions;
  readonly #slots = new Map<string, ProviderSlot>();
  readonly #plugins = new Map<string, PluginOutcome>();
  readonly #agents = new Map<string, AgentPool>();
  readonly #starts = new Set<Promise<unknown>>();
  readonly #ending = new AbortController();
  readonly #context: Omit<HostingContext, "publicListener">;
  readonly #encryptionKey: string;
  #opened: Promise<PublicListener | undefined> | undefined;
  #publicListener: PublicListener | undefined;
  #stopped: Promise<GestaltdStopReport> | undefined;

  /** Starts nothing: {@link FakeGestaltd.start} does. */
  constructor(options: GestaltdOptions) {
    checkOptions(options);
    this.#options = options;
    const limits: HostLimits = { ...hostLimits, ...options.limits };
    const traits = hostTraits(options.hostVersion);
    const logs = new LogStore(limits);
    this.trace = new HostTrace({
      maxRecords: limits.traceRecords,
      ...(options.onCall === undefined ? {} : { onCall: options.onCall }),
      ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    });
    const operatorEnv = options.operatorEnv ?? process.env;
    const { cwd, tmpDir, times, onOutput, onWarning } = options;
    for (const [name, provider] of Object.entries(options.runtimeProviders)) {
      const { config, ...own } = provider;
      this.#slots.set(
        name,
        new ProviderSlot(
          {
            ...own,
            name,
            operatorEnv,
            logs,
            trace: this.trace,
            limits,
            egress: { ...options.egress, ...own.egress },
            ...(options.hostVersion === undefined ? {} : { hostVersion: options.hostVersion }),
            ...(cwd === undefined ? {} : { cwd }),
            ...(tmpDir === undefined ? {} : { tmpDir }),
            ...(times === undefined ? {} : { times }),
            ...(onOutput === undefined ? {} : { onOutput: (chunk, stream) => onOutput(chunk, stream, name) }),
            ...(onWarning === undefined ? {} : { onWarning: (message) => onWarning(message, name) }),
          },
          config,
        ),
      );
    }
    this.#encryptionKey = options.encryptionKey ?? randomUUID();
    this.admin = new Admin(this.#slots, logs, limits, {
      runtimeProviders: options.runtimeProviders,
      publicSide: () => this.#publicListener,
      traits,
    });
    this.#context = {
      tmpDir,
      operatorEnv,
      traits,
      signal: this.#ending.signal,
      subject: `user:${randomUUID()}`,
      tokens: new HostTokens(this.#encryptionKey, { ...hostTimes, ...times }.tokenLifetimeMs),
    };
  }

  /**
   * Installs the providers and checks their configs, then starts every plugin and every agent of the config at once;
   * resolves when each plugin is hosted or skipped, and each agent has its instances.
   *
   * @throws {@link HostError} `install-refused`, `config-refused` or `sandbox-unavailable`: nothing was started; or an
   *   agent's cause, which ends the real host: call `stop` then
   */
  async start(): Promise<void> {
    await this.#prepare();
    const plugins = Object.entries(this.#options.plugins ?? {});
    const agents = Object.entries(this.#options.agents ?? {});
    const starts = [
      ...plugins.map(([name, plugin]) => this.host(name, plugin)),
      ...agents.map(([name, agent]) => this.#tracked(this.#hostAgent(name, agent))),
    ];
    await Promise.allSettled(starts);
    await Promise.all(starts);
  }

  /**
   * Hosts one more plugin. A failure does not throw: it comes back as a skipped plugin with its cause.
   *
   * @throws TypeError for options that name no such provider, and {@link HostError} `stopped` past the end, or as
   *   {@link FakeGestaltd.start}
   */
  async host(name: string, plugin: PluginOptions): Promise<PluginOutcome> {
    checkPlugin(name, plugin, this.#options.runtimeProviders);
    await this.#prepare();
    if (this.#ending.signal.aborted) throw new HostError("stopped", "this host has been told to end");
    const started = this.#host(name, plugin).then((outcome) => {
      this.#plugins.set(name, outcome);
      return outcome;
    });
    return this.#tracked(started);
  }

  /**
   * The public side, once the host has started: where relays and the egress proxy are, and what makes tokens.
   * Undefined where the options give none.
   */
  get publicListener(): PublicListener | undefined {
    return this.#publicListener;
  }

  /** What became of every plugin, by name. */
  get outcomes(): ReadonlyMap<string, PluginOutcome> {
    return this.#plugins;
  }

  /**
   * A plugin that is hosted.
   *
   * @throws {@link HostError} `plugin-not-hosted` (404) with the cause why it was skipped
   */
  plugin(name: string): HostedPlugin {
    const outcome = this.#plugins.get(name);
    if (outcome?.status === "hosted") return outcome;
    const why = outcome === undefined ? "it is not in the config" : outcome.message;
    throw new HostError("plugin-not-hosted", `the plugin ${JSON.stringify(name)} is not hosted: ${why}`, {
      cause: outcome?.error,
    });
  }

  /**
   * An agent's pool.
   *
   * @throws {@link HostError} `agent-not-hosted`
   */
  agent(name: string): AgentPool {
    const pool = this.#agents.get(name);
    if (pool !== undefined) return pool;
    throw new HostError("agent-not-hosted", `the agent ${JSON.stringify(name)} is not hosted`);
  }

  /** Calls an operation of a plugin, with the host's 60 s. */
  execute(
    plugin: string,
    operation: string,
    params: JsonObject = {},
    options: UnaryCallOptions = {},
  ): Promise<{ readonly status: number; readonly body: string }> {
    return this.plugin(plugin).execute(operation, params, options);
  }

  /**
   * Ends the host: starts under way are cancelled and awaited, StopSession goes plugin by plugin in name order,
   * then agents' pools once their work is done, then each provider is ended (PROC-6). Calling it again gives the same answer.
   */
  stop(): Promise<GestaltdStopReport> {
    return (this.#stopped ??= (async () => {
      this.#ending.abort();
      await Promise.allSettled(this.#starts);
      for (const [, plugin] of [...this.#plugins].sort(([a], [b]) => (a < b ? -1 : 1)))
        if (plugin.status === "hosted") await plugin.stop();
      await Promise.all([...this.#agents.values()].map((pool) => pool.stop()));
      const report: Record<string, ShutdownReport> = {};
      await Promise.all(
        [...this.#slots].map(async ([name, slot]) => {
          const ended = await slot.shutdown();
          if (ended !== undefined) report[name] = ended;
        }),
      );
      await (await this.#opened?.catch(() => undefined))?.close();
      return report;
    })());
  }

  /** Calls `stop`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #prepare(): Promise<void> {
    const preparing = [...this.#slots.values()].map((slot) => slot.prepare());
    // All of them, so that none is still installing when the first fault ends the host.
    await Promise.allSettled(preparing);
    await Promise.all(preparing);
    this.#publicListener = await (this.#opened ??= this.#openPublicSide());
  }

  #openPublicSide(): Promise<PublicListener | undefined> {
    const { baseUrl, relayBaseUrl, encryptionKey, publicListener, tmpDir, times, limits } = this.#options;
    const isPublic = baseUrl !== undefined && encryptionKey !== undefined && encryptionKey !== "";
    if (publicListener === undefined && !isPublic) return Promise.resolve(undefined);
    return openPublicListener({
      ...publicListener,
      encryptionKey: this.#encryptionKey,
      trace: this.trace,
      ...(baseUrl === undefined ? {} : { baseUrl }),
      ...(relayBaseUrl === undefined ? {} : { relayBaseUrl }),
      ...(tmpDir === undefined ? {} : { tmpDir }),
      ...(times === undefined ? {} : { times }),
      ...(limits === undefined ? {} : { limits }),
    });
  }

  async #tracked<T>(start: Promise<T>): Promise<T> {
    this.#starts.add(start);
    try {
      return await start;
    } finally {
      this.#starts.delete(start);
    }
  }

  async #hostAgent(name: string, agent: AgentOptions): Promise<void> {
    const slot = this.#slotOf(agent);
    const { signal } = this.#ending;
    const provider = await slot.acquire(signal);
    const entry = { ...agent, egress: { ...this.#options.egress, ...agent.egress } };
    const context = { ...this.#context, publicListener: this.#publicListener };
    const relay = await planHosting(provider, entry, context);
    const { times, traits } = provider;
    const pool = await AgentPool.start({
      provider,
      name,
      agent: entry,
      context: { ...context, relay },
      rule: {
        pool: resolvePool(agent.pool),
        early: traits.replacesEarly,
        marginMs: times.replacementMarginMs,
      },
      times,
    });
    this.#agents.set(name, pool);
  }

  #slotOf({ runtime }: Pick<PluginOptions, "runtime">): ProviderSlot {
    const provider = providerOf(runtime?.provider, this.#options.runtimeProviders) ?? "";
    const slot = this.#slots.get(provider);
    if (slot === undefined) throw new HostError("unknown-provider", `no runtime provider ${provider}`);
    return slot;
  }

  async #host(name: string, plugin: PluginOptions): Promise<PluginOutcome> {
    try {
      const slot = this.#slotOf(plugin);
      const egress = { ...this.#options.egress, ...plugin.egress };
      const instance = await slot.acquire(this.#ending.signal);
      const hosted = await hostPlugin(
        instance,
        name,
        { ...plugin, egress },
        { ...this.#context, publicListener: this.#publicListener },
      );
      this.trace.note(name, 0, { type: "plugin-hosted", plugin: name, sessionId: hosted.sessionId });
      return hosted;
    } catch (thrown) {
      const error = this.#ending.signal.aborted
        ? new HostError("stopped", `the host was told to end while ${name} was starting`, { cause: thrown })
        : thrown;
      if (!(error instanceof HostError)) throw error;
      this.trace.note(name, 0, { type: "plugin-skipped", plugin: name, message: error.message });
      return { status: "skipped", name, failure: error.failure, message: error.message, error };
    }
  }
}

/**
 * Starts a fake gestaltd and every plugin of its config. It resolves when each plugin is hosted or skipped: a
 * skipped plugin is no error, as on the real host (see {@link FakeGestaltd.outcomes}).
 *
 * @throws TypeError for options that are wrong, {@link HostError} `stopped` when the signal ended the start, or what
 *   {@link FakeGestaltd.start} throws
 */
export async function startGestaltd(options: GestaltdOptions): Promise<FakeGestaltd> {
  const gestaltd = new FakeGestaltd(options);
  const end = (): void => void gestaltd.stop();
  options.signal?.addEventListener("abort", end, { once: true });
  try {
    options.signal?.throwIfAborted();
    await gestaltd.start();
    options.signal?.throwIfAborted();
    return gestaltd;
  } catch (cause) {
    await gestaltd.stop();
    if (options.signal?.aborted !== true) throw cause;
    throw new HostError("stopped", "the host was told to end during its start", { cause });
  } finally {
    options.signal?.removeEventListener("abort", end);
  }
}
