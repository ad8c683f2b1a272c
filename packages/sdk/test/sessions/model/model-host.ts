import { expect } from "vitest";
import type { CallContext } from "../../../src/provider/context.js";
import { RuntimeProviderError } from "../../../src/errors/runtime-provider-error.js";
import type { Session, SessionState } from "../../../src/provider/types.js";
import { SessionRuntime } from "../../../src/sessions/session-runtime.js";
import type { Clock } from "../../../src/sessions/waiting.js";
import { ModelCloud, type CloudKind } from "./model-cloud.js";
import { ModelStore } from "./model-store.js";
import { Random } from "./random.js";
import { silentLogs } from "./silent-logs.js";
import { VirtualClock } from "./virtual-clock.js";

/** Where a session may go from a state; `stopped` and `failed` are final but for StopSession. */
const allowed: Record<SessionState, readonly SessionState[]> = {
  pending: ["pending", "ready", "running", "stopped", "failed"],
  ready: ["ready", "running", "stopped", "failed"],
  running: ["running", "stopped", "failed"],
  stopped: ["stopped"],
  failed: ["failed", "stopped"],
};

/** The longest that each call may take, in virtual time: the phases' limits and what clean-up adds. */
const callLimits = {
  StartSession: 3_200,
  StartPlugin: 40_000,
  StopSession: 3_000,
  close: 2_000,
  configure: 30_000,
};

interface KnownSession {
  readonly id: string;
  readonly metadata: Readonly<Record<string, string>>;
  state: SessionState;
  isStopped: boolean;
}

/** Plays gestaltd against a session runtime, and checks all that it sees against what a session may do. */
export class ModelHost {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly cloud: ModelCloud;
  readonly store: ModelStore;
  readonly sessions: KnownSession[] = [];
  /** States with their reasons, to see that the sequences get about. */
  readonly statesSeen = new Set<string>();
  readonly #pending = new Map<object, { what: keyof typeof callLimits; sinceMs: number }>();
  #runtime!: SessionRuntime<{ readonly name: string }>;
  #process!: { isDead: boolean; timers: Set<object> };
  #count = 0;

  constructor(seed: number, kind: CloudKind) {
    this.random = new Random(seed);
    this.cloud = new ModelCloud(this.clock, this.random, kind);
    this.store = new ModelStore(this.clock);
  }

  /** A new process of the provider. */
  async boot(): Promise<void> {
    const process = { isDead: false, timers: new Set<object>() };
    this.#process = process;
    const backend = this.cloud.backend(() => process.isDead);
    this.#runtime = new SessionRuntime(
      () => ({ ...backend, store: this.store }),
      {
        clock: this.#clockOf(process),
        logs: silentLogs(),
        limits: {
          createTimeoutMs: 10_000,
          launchTimeoutMs: 8_000,
          readyTimeoutMs: 5_000,
          destroyTimeoutMs: 3_000,
          lifetimeMs: 1_800_000,
          peersEveryMs: 30_000,
          watchEveryMs: 30_000,
          rate: { perSecond: 100, burst: 20, parallel: 3 },
        },
      },
      {
        random: () => this.random.next(),
        untilHttp2: (target, { signal }) => this.#untilListening(target, signal),
      },
    );
    void this.#call("configure", this.#runtime.configure({}, this.#context()));
    await this.advance(callLimits.configure);
  }

  /** SIGKILL: its timers stop, its calls of the cloud are carried out or not, its store's lock is gone. */
  async crash(): Promise<void> {
    // A guest whose maker died before it knew of it can be found by listing alone.
    if (!this.cloud.kind.hasFind) return;
    this.#process.isDead = true;
    this.#pending.clear();
    this.store.crash();
    await this.boot();
    for (const known of this.sessions) {
      // What was not written down yet may be lost with the process; what is found has its own state again.
      const seen = this.#runtime.getSession(known.id);
      if (seen === undefined) known.isStopped = true;
      else this.#restored(known, seen);
    }
  }

  async restart(): Promise<void> {
    if (!this.cloud.kind.hasFind) return;
    await this.close();
    this.#process.isDead = true;
    for (const known of this.sessions) known.isStopped = true;
    await this.boot();
  }

  async close(): Promise<void> {
    void this.#call("close", this.#runtime.close());
    await this.advance(callLimits.close);
    expect([...this.#pending.values()].map(({ what }) => what)).not.toContain("close");
    this.#pending.clear();
    this.store.crash();
  }

  /** Timers of the living process that still wait. */
  get timers(): number {
    return this.#process.timers.size;
  }

  startSession(cancelAfterMs?: number): void {
    const metadata = { provider_kind: "plugin", provider_name: `p${(this.#count += 1)}` };
    const context = this.#context(cancelAfterMs);
    const started = this.#runtime.startSession({ pluginName: "p", metadata }, context).then((session) => {
      // A host that has cancelled does not read the answer.
      if (context.signal.aborted) return;
      expect(this.sessions.map(({ id }) => id)).not.toContain(session.id);
      expect(session.metadata).toEqual(metadata);
      this.sessions.push({ id: session.id, metadata, state: session.state, isStopped: false });
    });
    void this.#call("StartSession", started);
  }

  startPlugin(index: number, cancelAfterMs?: number): void {
    // Mostly for a session that waits for it; else for any, which has to be refused.
    const ready = this.sessions.filter(({ state, isStopped }) => state === "ready" && !isStopped);
    const known = ready[index % Math.max(1, ready.length)] ?? this.#at(index);
    if (known === undefined) return;
    const context = this.#context(cancelAfterMs);
    const started = Promise.resolve()
      .then(() =>
        this.#runtime.startPlugin(
          {
            sessionId: known.id,
            pluginName: "p",
            command: "/p",
            args: [],
            env: {},
            allowedHosts: [],
            defaultAction: "",
            hostBinary: "",
          },
          context,
        ),
      )
      .then(({ dialTarget }) => expect(dialTarget).toMatch(/^unix:\/\/\/m\//));
    void this.#call("StartPlugin", started);
  }

  bind(index: number): void {
    const known = this.#at(index);
    if (known === undefined) return;
    try {
      this.#runtime.bindHostService({ sessionId: known.id, envVar: "X", relayTarget: "tls://relay:443" });
    } catch (error) {
      expect(error).toBeInstanceOf(RuntimeProviderError);
    }
  }

  stopSession(index: number): void {
    const known = this.#at(index);
    if (known === undefined) return;
    const stopped = this.#runtime.stopSession(known.id).then(() => {
      known.isStopped = true;
      this.#see(known);
    });
    void this.#call("StopSession", stopped);
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    for (const { what, sinceMs } of this.#pending.values())
      if (this.clock.now() - sinceMs > callLimits[what]) throw new Error(`${what} hangs`);
  }

  /** Time passes; the host asks for its sessions often enough to claim them. */
  async wait(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; leftMs -= 20_000) {
      await this.advance(Math.min(leftMs, 20_000));
      this.look();
    }
    if (ms === 0) await this.advance(0);
  }

  /** Looks at every session, as a host that polls does. */
  look(): void {
    const callsBefore = this.cloud.calls;
    for (const known of this.sessions) this.#see(known);
    const listed = this.#runtime.listSessions().map(({ id }) => id);
    expect(new Set(listed).size).toBe(listed.length);
    for (const { id, state, isStopped } of this.sessions) {
      if (isStopped) expect(listed).not.toContain(id);
      else if (state !== "stopped") expect(listed).toContain(id);
    }
    expect(this.cloud.calls).toBe(callsBefore);
  }

  /** The cloud is well again, the host stops everything: nothing is left anywhere. */
  async finish(): Promise<void> {
    this.cloud.isFaulty = false;
    await this.advance(60_000);
    this.sessions.forEach((_, index) => this.stopSession(index));
    await this.advance(2 * 3_600_000);
    expect([...this.cloud.guests.keys()]).toEqual([]);
    expect(this.store.records).toEqual([]);
    expect(this.#runtime.listSessions()).toEqual([]);
    await this.#hostOne();
    await this.close();
    await this.advance(60_000);
    expect([...this.cloud.guests.keys()]).toEqual([]);
    expect(this.timers).toBe(0);
  }

  /** With a cloud that is well, a plugin is hosted as ever, and the provider's end ends it. */
  async #hostOne(): Promise<void> {
    const before = this.sessions.length;
    this.startSession();
    await this.advance(500);
    expect(this.sessions.length).toBe(before + 1);
    this.look();
    expect(this.sessions.at(-1)?.state).toBe("ready");
    this.cloud.listenDelayMs = 100;
    this.startPlugin(0);
    await this.advance(2_000);
    this.look();
    expect(this.sessions.at(-1)?.state).toBe("running");
  }

  #see(known: KnownSession): void {
    const seen = this.#runtime.getSession(known.id);
    if (known.isStopped) {
      if (seen !== undefined) expect(seen.state).toBe("stopped");
      return;
    }
    expect(seen, `session ${known.id} (${known.state}) is there until it is stopped`).toBeDefined();
    if (seen === undefined) return;
    expect(allowed[known.state], `${known.state} to ${seen.state}`).toContain(seen.state);
    expect(seen.metadata).toEqual(known.metadata);
    if (seen.state === "failed") expect(seen.stateReason).not.toBe("");
    if (seen.stateReason === "exited" || seen.stateReason === "vanished")
      expect([...this.cloud.ended], "only what has ended is said to have").toContain(known.id);
    this.statesSeen.add(seen.state + (seen.stateReason ?? ""));
    known.state = seen.state;
  }

  #restored(known: KnownSession, seen: Session): void {
    expect(seen.metadata).toEqual(known.metadata);
    if (known.isStopped) expect(["stopped"]).toContain(seen.state);
    known.state = seen.state;
  }

  #at(index: number): KnownSession | undefined {
    return this.sessions[index % Math.max(1, this.sessions.length)];
  }

  async #call(what: keyof typeof callLimits, promise: Promise<unknown>): Promise<void> {
    const entry = {};
    this.#pending.set(entry, { what, sinceMs: this.clock.now() });
    try {
      await promise;
    } catch (error) {
      // Only an error that names its status may leave.
      if (!(error instanceof RuntimeProviderError)) this.#broken = error;
    } finally {
      this.#pending.delete(entry);
    }
  }

  #broken: unknown;

  /** Throws what a call has thrown besides errors with a status. */
  assertSound(): void {
    if (this.#broken !== undefined) throw this.#broken as Error;
  }

  #context(cancelAfterMs?: number): CallContext & { readonly name: string } {
    const controller = new AbortController();
    if (cancelAfterMs !== undefined)
      this.clock.setTimeout(
        () => controller.abort(new RuntimeProviderError("CANCELLED", "the host has cancelled")),
        cancelAfterMs,
      );
    const quiet = (): void => undefined;
    const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
    return { method: "", name: "model", signal: controller.signal, deadline: undefined, logger };
  }

  #clockOf(process: { isDead: boolean; timers: Set<object> }): Clock {
    const { clock } = this;
    return {
      now: () => clock.now(),
      setTimeout(run, delayMs) {
        const key = {};
        process.timers.add(key);
        const timer = clock.setTimeout(() => {
          process.timers.delete(key);
          if (!process.isDead) run();
        }, delayMs);
        return {
          cancel: () => {
            process.timers.delete(key);
            timer.cancel();
          },
        };
      },
    };
  }

  async #untilListening(target: unknown, signal: AbortSignal): Promise<void> {
    const name = (target as { path: string }).path.split("/")[2] ?? "";
    while (!this.cloud.listens(name)) {
      signal.throwIfAborted();
      await this.clock.sleep(50);
    }
  }
}
