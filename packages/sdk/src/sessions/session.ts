import { randomUUID } from "node:crypto";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type * as plain from "../provider/types.js";
import { BackendError } from "./backend-error.js";
import type { Ended, Guest, Json, PluginRequest } from "./guest.js";
import { GuestKeeper } from "./guest-keeper.js";
import { guestRequest, newIdentity, type SessionIdentity } from "./guest-request.js";
import type { Removal } from "./guest-remover.js";
import { GuestWatch } from "./guest-watch.js";
import { SessionLifetime } from "./lifetime.js";
import { PluginOutput } from "./plugin-output.js";
import { PluginRun } from "./plugin-run.js";
import { SessionRecorder } from "./session-recorder.js";
import type { SessionRecord } from "./session-store.js";
import { flushTimeoutMs, SessionVoice } from "./session-voice.js";
import { SessionWorkspaces } from "./session-workspaces.js";
import * as states from "./state.js";
import type { Surroundings } from "./surroundings.js";
import { after, settledWithin, sharedController, type Timer } from "./waiting.js";

/** How long a state may take to be written down before it is told all the same. */
const noteTimeoutMs = 250;

/** How a session came to be. */
export type SessionOrigin =
  | { readonly how: "started"; readonly request: plain.StartSessionRequest }
  /** Found again after a restart (REC-1). */
  | { readonly how: "restored"; readonly record: SessionRecord };

/**
 * One session: its phase, and the only code that changes it. Calls either act at once or are refused by the
 * phase that they find; `stop` overtakes whatever is under way (SESS-11).
 */
export class RuntimeSession<H extends Json> {
  readonly #identity: SessionIdentity;
  readonly #lifetime: SessionLifetime;
  readonly #bindings = new Map<string, string>();
  /** Aborts all work for the session when it is over. */
  readonly #over = sharedController();
  readonly #recorder: SessionRecorder;
  readonly #keeper: GuestKeeper<H>;
  readonly #voice: SessionVoice;
  readonly #workspaces: SessionWorkspaces<H>;
  readonly #unclaimed: Timer | undefined;
  #phase: states.Phase;
  #metadata: plain.StringMap;
  #isClaimed = false;
  /** What `describe` has put together; undefined once something in it has changed. */
  #view: plain.Session | undefined;
  #createError: RuntimeProviderError | undefined;
  #run: PluginRun<H> | undefined;
  /** The last note of the session's state. */
  #noted: Promise<void> = Promise.resolve();
  #watch: GuestWatch<H> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    private readonly origin: SessionOrigin,
    private readonly around: Surroundings<H>,
    /** Called once, when nothing of the session is left. */
    private readonly onGone: (session: RuntimeSession<H>) => void,
  ) {
    const { clock, limits, store, logger, logs, backend } = around;
    this.#identity = newIdentity(origin, around);
    const { record } = this.#identity;
    const secrets = around.secrets.of(record.id);
    const redact = (text: string): string => secrets.redact(text);
    this.#voice = new SessionVoice(logs.session(record.id, { redact }), secrets);
    const say = (text: string): void => this.#voice.say(text);
    this.#recorder = new SessionRecorder(store, logger, record);
    this.#keeper = new GuestKeeper(around, this.#recorder, say, (timeoutMs) => this.#lastWords(timeoutMs));
    this.#workspaces = new SessionWorkspaces(around, record.id, say);
    this.#metadata = this.#metadataWith(record.notes);
    this.#phase = states.phaseOf(record.state, record.stateReason, record.stateMessage);
    if (origin.how === "started" && backend.traits.createAt === "plugin") this.#phase = states.ready;
    this.#lifetime = new SessionLifetime({
      clock,
      startedAtMs: record.startedAtMs,
      ...(record.expiresAtMs !== undefined && { expiresAtMs: record.expiresAtMs }),
      drainLeadMs: limits.drainLeadMs,
      onExpired: () => void this.#expire(),
    });
    const unclaimedMs = origin.how === "started" ? limits.unclaimedTimeoutMs : limits.recoveredTimeoutMs;
    if (unclaimedMs > 0) this.#unclaimed = after(clock, unclaimedMs, () => void this.#giveUp());
  }

  get id(): string {
    return this.#identity.record.id;
  }

  /** True until the session is `stopped`; those are no longer listed (SESS-7). */
  get isLive(): boolean {
    return this.#phase.name !== "stopped";
  }

  /** True when it is `stopped` or `failed`: only the host's StopSession is still to come. */
  get isOver(): boolean {
    return states.isOver(this.#phase);
  }

  /** True where a restarted provider found the session, and no call of the host has named it since. */
  get isUnclaimedLeftover(): boolean {
    return this.origin.how === "restored" && !this.#isClaimed;
  }

  /** The session as the host sees it: from memory, whatever is under way (SESS-5). */
  describe(): plain.Session {
    // The hot path: what has not changed is not put together again.
    if (this.#view !== undefined) return this.#view;
    const view = this.#describe();
    if (view.state !== "pending") this.#view = view;
    return view;
  }

  #describe(): plain.Session {
    const phase = this.#phase;
    const { progress } = this.#voice;
    return {
      id: this.id,
      state: states.stateOf(phase),
      metadata: this.#metadata,
      lifecycle: this.#lifetime.describe(),
      ...(states.isOver(phase) && { stateReason: phase.reason, stateMessage: phase.message }),
      ...(phase.name === "pending" && progress !== "" && { stateMessage: progress }),
    };
  }

  /** Begins to make the guest; resolves when that is done or `waitMs` have passed. */
  async create(waitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#phase.name !== "pending") {
      this.#voice.log.answered();
      return;
    }
    const created = this.#createGuest();
    const waiting = new AbortController();
    const cancelled = new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true, signal: waiting.signal }),
    );
    await settledWithin(this.around.clock, Promise.race([created, cancelled]), waitMs);
    waiting.abort();
    const failure = signal.aborted
      ? RuntimeProviderError.from(signal.reason, "StartSession")
      : this.#createError;
    if (failure === undefined) {
      this.#voice.log.answered();
      return;
    }
    // SESS-13: the host will never know this session's id.
    await this.stop();
    throw failure;
  }

  /** Goes on with a session of an earlier process: what it is now, only the backend knows (REC-1). */
  resume(): void {
    const handle = this.#identity.record.handle as H;
    this.#keeper.restore(handle);
    if (states.isOver(this.#phase)) this.#destroy();
    else
      this.#watchGuest(handle).restored(
        new PluginOutput(this.#voice.log, this.around.clock),
        this.#phase.name === "running",
      );
  }

  /** The host has named this session: it knows it, and its log host does too (LOGS-2). */
  touch(): void {
    if (!this.#isClaimed) this.#unclaimed?.cancel();
    this.#isClaimed = true;
    this.#voice.log.registered();
  }

  bind(request: plain.BindHostServiceRequest): plain.HostServiceBinding {
    this.#assertNotOver("BindHostService");
    if (this.#phase.name !== "pending" && this.#phase.name !== "ready")
      throw precondition(
        `BindHostService: the plugin of session ${this.id} has been started; bind before StartPlugin`,
      );
    // BIND-4: the same variable again replaces what was bound.
    this.#bindings.set(request.envVar, request.relayTarget);
    return { id: `b-${randomUUID()}` };
  }

  /** Starts the plugin and waits until it accepts gRPC connections (PLUG-4). */
  startPlugin(request: plain.StartPluginRequest, signal: AbortSignal): Promise<plain.HostedPlugin> {
    this.#assertNotOver("StartPlugin");
    const { id } = this;
    if (this.origin.how === "restored")
      throw precondition(
        `StartPlugin: session ${id} was found again after a restart of the provider; start another session`,
      );
    if (this.#phase.name === "pending")
      throw precondition(`StartPlugin: session ${id} is not ready yet; wait until GetSession says ready`);
    if (this.#phase.name !== "ready")
      throw precondition(`StartPlugin: session ${id} has a plugin already; start another session`);
    this.#phase = states.starting;
    return this.#start(request, signal);
  }

  prepareWorkspace(
    request: plain.PrepareWorkspaceRequest,
    signal: AbortSignal,
  ): Promise<plain.PreparedWorkspace> {
    this.#assertNotOver("PrepareWorkspace");
    const { guest } = this.#keeper;
    if (guest === undefined)
      throw precondition(`PrepareWorkspace: session ${this.id} has no guest yet; wait until it is ready`);
    return this.#workspaces.prepare(guest, request, AbortSignal.any([signal, this.#over.signal]));
  }

  async removeWorkspace(agentSessionId: string): Promise<void> {
    const { guest } = this.#keeper;
    if (guest !== undefined && !this.isOver) await this.#workspaces.remove(guest, agentSessionId);
  }

  /**
   * Ends the session and everything in it; resolves when the backend has begun to remove it, or at the stop
   * timeout; clean-up then goes on by itself (SESS-8). Calling it again joins the first call.
   */
  stop(timeoutMs = this.around.limits.stopTimeoutMs): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs);
    return this.#stopping;
  }

  /** Ends the session in the little time that a provider has when it ends itself (PROC-6); nobody takes logs then. */
  async shutDown(timeoutMs: number): Promise<void> {
    this.#voice.log.end();
    // A slower stop that is under way already is overtaken: `destroy` may be called again.
    if (this.#stopping === undefined) await this.stop(timeoutMs);
    else await settledWithin(this.around.clock, this.#keeper.destroyAgain(timeoutMs), timeoutMs);
  }

  /** Lets go of the session without touching its guest: the next process finds it (REC-1). */
  async release(): Promise<void> {
    this.#voice.log.end();
    await this.#letGo("the provider is ending");
  }

  async #stop(timeoutMs: number): Promise<void> {
    const { clock, logger } = this.around;
    const deadlineMs = clock.now() + timeoutMs;
    this.#enter(states.stopped("stopped", "the session was stopped"));
    const { asked, gone } = this.#destroy(timeoutMs, "was stopped");
    void gone.then(() => {
      this.around.secrets.forget(this.id);
      this.onGone(this);
    });
    const leftMs = deadlineMs - clock.now() - Math.min(flushTimeoutMs, timeoutMs / 4);
    const inTime = await settledWithin(clock, asked, Math.max(0, leftMs));
    if (!inTime)
      logger.warn(
        { session: this.id },
        `the session did not end within ${timeoutMs} ms; its clean-up goes on`,
      );
    await this.#voice.log.flush(Math.max(0, Math.min(flushTimeoutMs, deadlineMs - clock.now())));
    this.#voice.log.end();
  }

  async #createGuest(): Promise<void> {
    try {
      const guest = await this.#makeGuest(this.#over.signal);
      this.#enter(states.ready);
      this.#watchGuest(guest.handle).guest(guest.ended);
    } catch (thrown) {
      this.#createError = this.#fail("create", thrown, "creating the guest");
      this.#destroy();
    }
  }

  async #makeGuest(signal: AbortSignal, plugin?: PluginRequest): Promise<Guest<H>> {
    const { request } = this.origin as Extract<SessionOrigin, { how: "started" }>;
    const wanted = guestRequest(request, this.#identity, plugin);
    if (wanted.pullCredentials !== undefined) this.#voice.secrets.addCredentials(wanted.pullCredentials);
    const guest = await this.#keeper.create(wanted, signal);
    this.#metadata = this.#metadataWith(guest.notes);
    this.#lifetime.atMost(guest.expiresAt);
    this.#view = undefined;
    if (guest.notes !== undefined) void this.#recorder.note({ notes: guest.notes });
    return guest;
  }

  async #start(request: plain.StartPluginRequest, callSignal: AbortSignal): Promise<plain.HostedPlugin> {
    const { around } = this;
    const { clock, limits } = around;
    const signal = AbortSignal.any([callSignal, this.#over.signal]);
    const run = new PluginRun(around, this.#voice, {
      sessionId: this.id,
      request,
      bindings: this.#bindings,
      guest: this.#keeper.guest,
      makeGuest: (plugin) => this.#makeGuest(signal, plugin),
      onLaunched: ({ handle, ended }, plugin) => {
        if (this.#watch === undefined) this.#watchGuest(handle).guest(ended);
        this.#watch?.plugin(plugin.ended, run.output);
      },
      onLate: () => void this.#keeper.destroyAgain(),
    });
    this.#run = run;
    try {
      const dialTarget = await run.start(signal);
      // It may have been stopped, or have expired, in the very moment that the plugin was ready (SESS-11).
      signal.throwIfAborted();
      this.#enter(states.running);
      this.#voice.say(`the plugin accepts gRPC connections at ${dialTarget}`);
      // The state that the host is told is the one that a later process finds.
      await settledWithin(clock, this.#noted, noteTimeoutMs);
      return { id: `p-${randomUUID()}`, dialTarget };
    } catch (thrown) {
      const cause = this.#fail(signal.aborted ? "cancelled" : "start", thrown, "StartPlugin");
      await settledWithin(clock, this.#destroy(limits.stopTimeoutMs).asked, limits.stopTimeoutMs);
      await run.output.ended(flushTimeoutMs);
      // LOGS-3: the host reads the last records the moment that it has the error.
      await this.#voice.log.flush(flushTimeoutMs);
      throw this.#voice.withLastLines(cause);
    }
  }

  #watchGuest(handle: H): GuestWatch<H> {
    this.#watch = new GuestWatch(this.around, {
      sessionId: this.id,
      handle,
      signal: this.#over.signal,
      events: {
        onEnded: (ended) => void this.#ended(ended),
        onExpiry: (expiresAt) => {
          if (!this.#lifetime.atMost(expiresAt)) return;
          this.#view = undefined;
          this.#noteState();
        },
        onSeen: (isRunning) => this.#seen(isRunning),
      },
    });
    return this.#watch;
  }

  /** What a restarted provider did not know yet: the last step before its end may not have been written down. */
  #seen(isRunning: boolean): void {
    const { name } = this.#phase;
    if (this.origin.how !== "restored" || (name !== "pending" && name !== "ready")) return;
    if (isRunning) this.#enter(states.running);
    else if (name === "pending") this.#enter(states.ready);
  }

  /** SESS-10, SESS-12: a plugin that ended by itself shows at once, and leaves nothing running. */
  async #ended(ended: Ended): Promise<void> {
    const run = this.#run;
    if (run?.takesEnd(ended) === true || states.isOver(this.#phase)) return;
    const over = states.afterEnd(ended, this.#phase.name === "ready" ? "the guest" : "the plugin");
    this.#enter(over);
    await run?.output.ended(flushTimeoutMs);
    this.#voice.say(over.message);
    this.#destroy();
  }

  #fail(reason: string, thrown: unknown, what: string): RuntimeProviderError {
    const error = this.#voice.error(thrown, what);
    if (states.isOver(this.#phase)) return error;
    const word = thrown instanceof BackendError ? (thrown.options.reason ?? reason) : reason;
    this.#enter(states.failed(word, error.message));
    this.#voice.say(`the session failed: ${error.message}`);
    return error;
  }

  async #expire(): Promise<void> {
    if (states.isOver(this.#phase)) return;
    this.#enter(states.stopped("expired", "the session reached the end of its lifetime"));
    this.#voice.say("the session reached the end of its lifetime");
    await this.#destroy(undefined, "expired").gone;
  }

  async #giveUp(): Promise<void> {
    const { logger } = this.around;
    logger.warn({ session: this.id }, "no call has named this session for long; it is stopped");
    await this.stop();
  }

  #destroy(timeoutMs?: number, why = "is over"): Removal {
    void this.#letGo(`session ${this.id} ${why}`);
    return this.#keeper.destroy(timeoutMs);
  }

  /** Ends all that works for the session in this process. */
  async #letGo(why: string): Promise<void> {
    this.#lifetime.end();
    this.#unclaimed?.cancel();
    this.#over.abort(new RuntimeProviderError("CANCELLED", why));
    await this.#run?.close();
  }

  /** LOGS-3, LOGS-6: output that is fetched is gone with its guest. */
  async #lastWords(timeoutMs: number): Promise<void> {
    await this.#run?.output.lastPull(Math.min(flushTimeoutMs, timeoutMs / 4));
  }

  #enter(phase: states.Phase): void {
    if (states.isOver(this.#phase) && phase.name !== "stopped") return;
    this.#phase = states.isOver(phase)
      ? { ...phase, message: this.#voice.secrets.redact(phase.message) }
      : phase;
    this.#view = undefined;
    this.#noteState();
  }

  #noteState(): void {
    const phase = this.#phase;
    const { expiresAtMs } = this.#lifetime;
    this.#noted = this.#recorder.note({
      state: states.stateOf(phase),
      ...(states.isOver(phase) && { stateReason: phase.reason, stateMessage: phase.message }),
      ...(expiresAtMs !== undefined && { expiresAtMs }),
    });
  }

  /** Notes of the backend beside the operator's entries, which are never replaced (SESS-2). */
  #metadataWith(notes: plain.StringMap = {}): plain.StringMap {
    const { kind } = this.around.backend.traits;
    const named = Object.entries(notes).map(([key, value]) => [`${kind}.${key}`, value] as const);
    return { ...Object.fromEntries(named), ...this.#identity.record.metadata };
  }

  #assertNotOver(method: string): void {
    if (states.isOver(this.#phase))
      throw precondition(`${method}: session ${this.id} is ${this.#phase.name}: ${this.#phase.message}`);
  }
}

function precondition(message: string): RuntimeProviderError {
  return new RuntimeProviderError("FAILED_PRECONDITION", message);
}
