import type { JsonObject } from "@bufbuild/protobuf";
import { ProviderKind, ProviderLifecycle, type ProtocolChannel } from "@gestalt-runtime/sdk/protocol";
import { handshake } from "../host/handshake.js";
import { startHostedSession, type HostedSession, type SessionContext } from "../host/hosted-session.js";
import type { AgentOptions } from "../host/options.js";
import type { ProviderInstance } from "../host/provider-instance.js";
import { tracedClient } from "../host/traced-client.js";
import { earlier, replaceAtMs, type ReplacementRule } from "./replacement.js";
import type { PluginRuntimeSessionLifecycle } from "@gestalt-runtime/sdk/protocol";

export interface AgentStart {
  readonly provider: ProviderInstance;
  readonly name: string;
  readonly agent: AgentOptions;
  readonly context: Omit<SessionContext, "callOptions"> & { readonly signal: AbortSignal };
  readonly rule: ReplacementRule;
}

/** One instance of a pool: an agent that runs in a session of its own. */
export class AgentInstance {
  /** The session that it runs in. */
  readonly sessionId: string;
  /** What StartPlugin answered. */
  readonly dialTarget: string;
  /** The connection to it; closed with the instance. */
  readonly channel: ProtocolChannel;
  readonly #provider: ProviderInstance;
  readonly #hosted: HostedSession;
  readonly #rule: ReplacementRule;
  readonly #work = new Set<Promise<unknown>>();
  #replaceAtMs: number | undefined;
  #stopped: Promise<void> | undefined;
  /** Gets no more work. */
  draining = false;

  private constructor({ provider, rule }: AgentStart, hosted: HostedSession) {
    this.sessionId = hosted.session.id;
    this.dialTarget = hosted.dialTarget;
    this.channel = hosted.dialled.channel;
    this.#provider = provider;
    this.#hosted = hosted;
    this.#rule = rule;
    this.see(hosted.session.lifecycle);
  }

  /**
   * Starts one, every call with what is left of the pool's startup timeout as its deadline. After a failure its
   * session has been stopped.
   *
   * @internal
   * @throws {@link HostError} with the cause
   */
  static async start(options: AgentStart): Promise<AgentInstance> {
    const { provider, name, agent, context, rule } = options;
    const endsAt = performance.now() + rule.pool.startupTimeoutMs;
    const left = (): number => Math.max(1, Math.round(endsAt - performance.now()));
    const { signal } = context;
    const hosted = await startHostedSession(
      provider,
      { kind: "agent", name, program: agent, caches: [], indexedDb: agent.indexedDb ?? false },
      { ...context, callOptions: () => ({ signal, timeoutMs: left() }) },
    );
    try {
      const { channel, authority } = hosted.dialled;
      const peer = { to: "plugin", name, instance: 0, authority } as const;
      const lifecycle = tracedClient(channel, ProviderLifecycle, peer, provider.trace);
      await handshakeWithin(lifecycle, { name, config: agent.config, left, signal });
      provider.trace.note(name, 0, { type: "agent-ready", agent: name, sessionId: hosted.session.id });
      return new AgentInstance(options, hosted);
    } catch (error) {
      await hosted.undo();
      throw error;
    }
  }

  /** Calls in its work now. */
  get busy(): number {
    return this.#work.size;
  }

  /** Whether its time has come (SESS-9). */
  get isDue(): boolean {
    return this.#replaceAtMs !== undefined && Date.now() >= this.#replaceAtMs;
  }

  /** Takes note of what a session says of its end; the time is never moved later. */
  see(lifecycle: PluginRuntimeSessionLifecycle | undefined): void {
    this.#replaceAtMs = earlier(this.#replaceAtMs, replaceAtMs(lifecycle, this.#rule));
  }

  /** Does a piece of work, which a drain waits for. */
  async use<T>(work: (instance: AgentInstance) => Promise<T>): Promise<T> {
    const done = work(this);
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    this.#work.add(settled);
    void settled.then(() => this.#work.delete(settled));
    return done;
  }

  /** Waits for its work, `drainMs` at most, and stops its session. */
  stop(name: string, drainMs: number): Promise<void> {
    return (this.#stopped ??= (async () => {
      this.draining = true;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, drainMs)));
      await Promise.race([Promise.all(this.#work), late]);
      clearTimeout(timer);
      await this.#hosted.undo();
      const { sessionId } = this;
      this.#provider.trace.note(name, 0, { type: "agent-stopped", agent: name, sessionId });
    })());
  }
}

interface WithinStart {
  readonly name: string;
  readonly config: JsonObject | undefined;
  readonly left: () => number;
  readonly signal: AbortSignal;
}

/** The handshake that every provider goes through, within what is left of the start. */
async function handshakeWithin(
  lifecycle: Parameters<typeof handshake>[0],
  { name, config, left, signal }: WithinStart,
): Promise<void> {
  await handshake(lifecycle, {
    name,
    config,
    kind: ProviderKind.AGENT,
    signal,
    // Read anew for each call.
    times: {
      get lifecycleMs() {
        return left();
      },
    },
  });
}
