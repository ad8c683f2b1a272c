import { setTimeout as delay } from "node:timers/promises";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { PluginRuntimeSession } from "@gestalt-runtime/sdk/protocol";
import { HostError } from "../host/host-error.js";
import type { HostTimes } from "../host/times.js";
import { AgentInstance, type AgentStart } from "./agent-instance.js";

export interface AgentPoolOptions extends AgentStart {
  readonly times: HostTimes;
}

/**
 * A hosted agent: as many instances ready as its pool asks for, each in a session of its own. It looks at them once per
 * health-check interval, and replaces those that are dead or whose time has come, starting the next one first (SESS-9,
 * SESS-12).
 */
export class AgentPool {
  /** Its name in the operator's config. */
  readonly name: string;
  readonly #options: AgentPoolOptions;
  readonly #instances: AgentInstance[] = [];
  readonly #stops = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  #looking: Promise<void> = Promise.resolve();
  #next = 0;
  #stopped: Promise<void> | undefined;

  private constructor(options: AgentPoolOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /**
   * @internal
   * @throws {@link HostError} with the cause: nothing of it is left
   */
  static async start(options: AgentPoolOptions): Promise<AgentPool> {
    const pool = new AgentPool(options);
    const { minReadyInstances } = options.rule.pool;
    const starts = Array.from({ length: minReadyInstances }, () => pool.#startOne());
    await Promise.allSettled(starts);
    try {
      await Promise.all(starts);
    } catch (error) {
      await pool.stop();
      throw error;
    }
    pool.#looking = pool.#look();
    return pool;
  }

  /** The sessions of the instances that take work, the oldest first. */
  get sessionIds(): readonly string[] {
    return this.#ready().map(({ sessionId }) => sessionId);
  }

  /**
   * Does a piece of work with one of the ready instances, in turn. A drain waits for it, as the pool's options say.
   *
   * @throws {@link HostError} `agent-not-hosted` while none is ready
   */
  use<T>(work: (instance: AgentInstance) => Promise<T>): Promise<T> {
    const ready = this.#ready();
    const instance = ready[this.#next % ready.length];
    this.#next += 1;
    if (instance === undefined)
      return Promise.reject(
        new HostError("agent-not-hosted", `the agent ${JSON.stringify(this.name)} has no instance ready now`),
      );
    return instance.use(work);
  }

  /** Waits for the work of every instance, as long as the pool lets it, and stops their sessions. */
  stop(): Promise<void> {
    return (this.#stopped ??= (async () => {
      this.#ending.abort();
      await this.#looking;
      const { drainTimeoutMs } = this.#options.rule.pool;
      await Promise.all([
        ...this.#stops,
        ...this.#instances.map((instance) => instance.stop(this.name, drainTimeoutMs)),
      ]);
    })());
  }

  #ready(): AgentInstance[] {
    return this.#instances.filter(({ draining }) => !draining);
  }

  #isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  async #startOne(): Promise<AgentInstance> {
    const { context } = this.#options;
    const signal = AbortSignal.any([context.signal, this.#ending.signal]);
    const instance = await AgentInstance.start({ ...this.#options, context: { ...context, signal } });
    this.#instances.push(instance);
    return instance;
  }

  /** Looks at the instances again and again, at the same distance however long a look takes. */
  async #look(): Promise<void> {
    const { healthCheckIntervalMs } = this.#options.rule.pool;
    const { signal } = this.#ending;
    const begun = performance.now();
    for (let looks = 1; !this.#isEnding(); looks += 1) {
      const passed = performance.now() - begun;
      // One that would have come meanwhile is left out.
      looks = Math.max(looks, Math.ceil(passed / healthCheckIntervalMs));
      await delay(looks * healthCheckIntervalMs - passed, undefined, { signal }).catch(() => undefined);
      if (!this.#isEnding()) await this.#lookOnce();
    }
  }

  async #lookOnce(): Promise<void> {
    for (const instance of this.#ready())
      if (instance.isDue) await this.#replace(instance, "its session asks to be replaced (SESS-9)");
    for (const instance of [...this.#instances]) {
      if (this.#isEnding()) return;
      const fault = await this.#faultOf(instance);
      if (fault !== undefined && !instance.draining) await this.#giveUp(instance, fault);
      if (instance.draining) this.#retire(instance);
    }
  }

  /** Why an instance is not to be used any more; undefined while it is well. */
  async #faultOf({ sessionId }: AgentInstance): Promise<string | undefined> {
    const { provider, rule, times } = this.#options;
    const { healthCheckIntervalMs, restartPolicy } = rule.pool;
    const timeoutMs = Math.min(healthCheckIntervalMs, times.healthCheckMs);
    const { signal } = this.#ending;
    let session: PluginRuntimeSession;
    try {
      session = await provider.runtime.getSession(
        { sessionId },
        restartPolicy === "never" ? { signal } : { signal, timeoutMs },
      );
    } catch (cause) {
      if (this.#isEnding()) return undefined;
      const { code, message } = RuntimeProviderError.from(cause, "GetSession");
      return `GetSession failed with ${code}: ${message}`;
    }
    if (session.state === "failed" || session.state === "stopped") return `it is ${session.state}`;
    this.#instances.find((one) => one.sessionId === sessionId)?.see(session.lifecycle);
    return undefined;
  }

  async #giveUp(instance: AgentInstance, why: string): Promise<void> {
    if (this.#options.rule.pool.restartPolicy === "always") {
      // Dead already: it gets no work while the next one starts.
      this.#drain(instance, why);
      await this.#tryStart();
    } else this.#drain(instance, why);
  }

  async #replace(instance: AgentInstance, why: string): Promise<void> {
    if (await this.#tryStart()) this.#drain(instance, why);
  }

  async #tryStart(): Promise<boolean> {
    const { provider } = this.#options;
    try {
      await this.#startOne();
      return true;
    } catch (thrown) {
      if (this.#isEnding()) return false;
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      provider.trace.note(this.name, 0, { type: "agent-start-failed", agent: this.name, message });
      return false;
    }
  }

  #drain(instance: AgentInstance, why: string): void {
    instance.draining = true;
    const { sessionId } = instance;
    this.#options.provider.trace.note(this.name, 0, {
      type: "agent-draining",
      agent: this.name,
      sessionId,
      why,
    });
  }

  /** Stops an instance beside everything else. */
  #retire(instance: AgentInstance): void {
    this.#instances.splice(this.#instances.indexOf(instance), 1);
    const stop = instance.stop(this.name, this.#options.rule.pool.drainTimeoutMs);
    this.#stops.add(stop);
    void stop.finally(() => this.#stops.delete(stop));
  }
}
