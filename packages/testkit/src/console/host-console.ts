import type { JsonObject } from "@bufbuild/protobuf";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { FakeGestaltd, HostError, type HostedPlugin } from "../host/index.js";
import { inspectEnvironment, patientTimes } from "./debug.js";
import type { LogFact, OperationFact, Report, SessionFact } from "./events.js";
import { logFact, operationFact, parsed, sessionFact } from "./facts.js";
import { HostWatch } from "./host-watch.js";
import type { ConsoleOptions } from "./options.js";

/**
 * A fake gestaltd in somebody's hands: one provider, plugins hosted through it one after the other, each call and
 * look asked for by a command. Whatever happens is told as an event; what was asked wrongly is thrown.
 */
export class HostConsole {
  readonly #options: ConsoleOptions;
  readonly #report: Report;
  readonly #plugins: string[] = [];
  readonly #calls = new Set<AbortController>();
  readonly #stoppedPlugins = new Set<string>();
  /** Warnings that were told already: each start would tell them again. */
  readonly #warned = new Set<string>();
  #gestaltd: FakeGestaltd | undefined;
  #trace: boolean;
  #watch: HostWatch | undefined;
  #current: string;
  #turn: Promise<unknown> = Promise.resolve();
  #ended = false;

  constructor(options: ConsoleOptions, report: Report) {
    this.#options = options;
    this.#report = report;
    this.#current = options.pluginName;
    this.#trace = options.trace;
    this.#plugins.push(options.pluginName);
  }

  /** The plugin that calls go to. */
  get current(): string {
    return this.#current;
  }

  /** The names of all plugins, hosted or not. */
  get plugins(): readonly string[] {
    return this.#plugins;
  }

  /** Whether the lines that plugins write are told as they come. */
  follow = true;

  /** Whether each call of the host is told. */
  get trace(): boolean {
    return this.#trace;
  }

  set trace(on: boolean) {
    this.#trace = on;
  }

  /** Starts the provider and hosts the plugins; false when one of them could not be. Why has been told. */
  start(): Promise<boolean> {
    return this.#inTurn(() => this.#start());
  }

  /** Ends everything and starts it again. */
  restart(): Promise<boolean> {
    this.cancel();
    return this.#inTurn(async () => {
      await this.#stop();
      return this.#start();
    });
  }

  /** Ends everything for good: StopSession for each plugin, then the provider (PROC-6). */
  stop(): Promise<void> {
    this.#ended = true;
    this.cancel();
    // Not in turn: a start under way is what this ends.
    return this.#stop();
  }

  /** Kills what a stop is waiting for; at once, and without a chance to clean up. */
  force(): void {
    this.#watch?.killAll();
  }

  /** Gives up the calls of operations that are in flight; false when there is none. */
  cancel(): boolean {
    for (const call of this.#calls) call.abort();
    return this.#calls.size > 0;
  }

  /** Kills the provider, as a crash would end it. */
  kill(): void {
    if (this.#watch?.killAll() !== true) throw new Error("no provider runs; restart starts one");
  }

  /** Makes a plugin the one that calls go to. */
  use(name: string): void {
    if (!this.#plugins.includes(name))
      throw new Error(`there is no plugin ${JSON.stringify(name)}; there are ${this.#plugins.join(", ")}`);
    this.#current = name;
  }

  /** Hosts one more of the plugin under a name of its own, which calls go to from now on. */
  host(name: string): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#hosted(name) !== undefined) throw new Error(`${name} is hosted already; stop it first`);
      if (!this.#plugins.includes(name)) this.#plugins.push(name);
      this.#current = name;
      return this.#host(name);
    });
  }

  /** StopSession for one plugin; the provider stays. */
  async stopPlugin(name: string): Promise<void> {
    await this.#mustBeHosted(name).stop();
    this.#stoppedPlugins.add(name);
  }

  /**
   * Calls an operation and tells the answer.
   *
   * @returns whether the status is below 400
   */
  async call(operation: string, params: JsonObject, name: string = this.#current): Promise<boolean> {
    const plugin = this.#mustBeHosted(name);
    const call = new AbortController();
    this.#calls.add(call);
    const startedAt = performance.now();
    try {
      const { status, body } = await plugin.execute(operation, params, { signal: call.signal });
      const tookMs = performance.now() - startedAt;
      this.#report({ event: "answer", plugin: name, operation, status, body: parsed(body), tookMs });
      return status < 400;
    } catch (thrown) {
      if (call.signal.aborted) throw new Error(`${operation} was given up`, { cause: thrown });
      const { code, message } = RuntimeProviderError.from(thrown, operation);
      throw new Error(`${operation} failed with ${code}: ${message}`, { cause: thrown });
    } finally {
      this.#calls.delete(call);
    }
  }

  /** The operations in the catalog of the current plugin; none where it is not hosted. */
  operations(): readonly OperationFact[] {
    return (this.#hosted(this.#current)?.metadata?.staticCatalog?.operations ?? []).map(operationFact);
  }

  /** Each plugin and what became of it. */
  pluginFacts(): { readonly name: string; readonly status: string; readonly current: boolean }[] {
    return this.#plugins.map((name) => {
      const outcome = this.#gestaltd?.outcomes.get(name);
      const status = this.#stoppedPlugins.has(name) ? "stopped" : (outcome?.status ?? "not hosted");
      return { name, status, current: name === this.#current };
    });
  }

  /** The sessions that the provider lists. */
  async sessions(): Promise<readonly SessionFact[]> {
    const sessions = await this.#running().admin.sessions(this.#options.providerName);
    return sessions.map((session) => sessionFact(session, this.#watch?.pluginOf(session.id)));
  }

  /** What GetSupport says, and what it comes to on this host. */
  support(): ReturnType<FakeGestaltd["admin"]["providers"]> {
    return this.#running().admin.providers();
  }

  /** HealthCheck, which the real host does not call on runtimes (LIFE-4). */
  async health(): Promise<{ readonly ready: boolean; readonly message: string }> {
    const { provider } = this.#mustBeHosted(this.#current);
    const { ready, message } = await provider.lifecycle.healthCheck(
      {},
      { timeoutMs: provider.times.lifecycleMs },
    );
    return { ready, message };
  }

  /** The newest lines of the current plugin's log. */
  logs(count: number): readonly LogFact[] {
    const { sessionId } = this.#mustBeHosted(this.#current);
    const { admin } = this.#running();
    const records = admin.logs(this.#options.providerName, sessionId, {
      after: Math.max(0, (this.#watch?.lastSeq(sessionId) ?? 0) - count),
      limit: count,
    });
    if (records === undefined)
      throw new Error("the host has forgotten this session's log, as it does once a session is stopped");
    return records.map((record) => logFact(this.#current, sessionId, record));
  }

  async #start(): Promise<boolean> {
    if (this.#ended) return false;
    const { providerName, provider, inspect, tmpDir } = this.#options;
    const patient = inspect !== undefined || provider.attach !== undefined;
    const watch = new HostWatch(providerName, this.#report, {
      following: () => this.follow,
      tracing: () => this.#trace,
    });
    const gestaltd = new FakeGestaltd({
      tmpDir,
      runtimeProviders: {
        [providerName]: {
          ...provider,
          ...(inspect !== undefined && { env: inspectEnvironment(inspect, provider.env) }),
        },
      },
      ...(patient && { times: patientTimes }),
      onCall: (call) => watch.call(call),
      onEvent: (event) => watch.event(event, gestaltd),
      onOutput: (chunk, stream) => watch.output(chunk, stream),
      onWarning: (message) => this.#warn(message),
    });
    this.#gestaltd = gestaltd;
    this.#watch = watch;
    this.#stoppedPlugins.clear();
    try {
      await gestaltd.start();
      let all = true;
      for (const name of this.#plugins) all = (await this.#host(name)) && all;
      return all;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      if (error.failure !== "stopped") this.#report({ event: "error", message: error.message });
      return false;
    }
  }

  async #host(name: string): Promise<boolean> {
    const outcome = await this.#running().host(name, this.#options.plugin);
    this.#stoppedPlugins.delete(name);
    const { status } = outcome;
    if (status === "hosted") {
      const { sessionId, dialTarget } = outcome;
      this.#report({ event: "plugin-hosted", plugin: name, sessionId, dialTarget });
    } else if (outcome.failure !== "stopped") {
      const { failure, message } = outcome;
      this.#report({ event: "plugin-skipped", plugin: name, failure, message });
    }
    return status === "hosted";
  }

  async #stop(): Promise<void> {
    await this.#gestaltd?.stop();
    this.#watch?.flush();
  }

  #warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#report({ event: "warning", message });
  }

  #hosted(name: string): HostedPlugin | undefined {
    if (this.#stoppedPlugins.has(name)) return undefined;
    const outcome = this.#gestaltd?.outcomes.get(name);
    return outcome?.status === "hosted" ? outcome : undefined;
  }

  #mustBeHosted(name: string): HostedPlugin {
    const hosted = this.#hosted(name);
    if (hosted !== undefined) return hosted;
    throw new Error(
      this.#plugins.includes(name)
        ? `the plugin ${name} is not hosted; host ${name} or restart tries again`
        : `there is no plugin ${JSON.stringify(name)}; there are ${this.#plugins.join(", ")}`,
    );
  }

  #running(): FakeGestaltd {
    if (this.#gestaltd !== undefined) return this.#gestaltd;
    throw new Error("the host is not started yet");
  }

  /** Starts and restarts come one after the other, however they are asked for. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
