import { randomUUID } from "node:crypto";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { LogForwarder, SessionLog } from "../logs/index.js";
import type { Logger } from "../provider/logger.js";
import type * as plain from "../provider/types.js";
import type { Ended, Guest, Json, SessionBackend } from "./backend.js";
import { destroyTimeoutMs, GuestKeeper } from "./guest-keeper.js";
import type { ResolvedLimits } from "./limits.js";
import { PluginOutput } from "./plugin-output.js";
import { startPlugin } from "./plugin-start.js";
import * as states from "./state.js";
import { after, settledWithin } from "./waiting.js";

/** How long the last lines of a session may take to reach the host before a call is answered (LOGS-3, LOGS-6). */
const flushTimeoutMs = 500;

/** What a session needs of its runtime. */
export interface SessionSurroundings<H extends Json> {
  readonly backend: SessionBackend<H>;
  readonly limits: ResolvedLimits;
  readonly logger: Logger;
  readonly logs: LogForwarder;
  /** Called once, when nothing of the session is left. */
  onGone(session: RuntimeSession<H>): void;
}

/**
 * One session: its phase, and the only code that changes it. Calls either act at once or are refused by the
 * phase that they find; `stop` overtakes whatever is under way (SESS-11).
 */
export class RuntimeSession<H extends Json> {
  readonly id = `s-${randomUUID()}`;
  readonly #startedAt = new Date();
  readonly #expiresAt: Date | undefined;
  readonly #bindings = new Map<string, string>();
  /** Aborts all work for the session when it is stopped. */
  readonly #over = new AbortController();
  #phase: states.Phase = states.pending;
  readonly #keeper: GuestKeeper<H>;
  #createError: RuntimeProviderError | undefined;
  #stopping: Promise<void> | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #claim: NodeJS.Timeout | undefined;

  readonly #log: SessionLog;

  constructor(
    private readonly request: plain.StartSessionRequest,
    private readonly around: SessionSurroundings<H>,
  ) {
    this.#log = around.logs.session(this.id);
    this.#keeper = new GuestKeeper(this.id, around.backend, around.logger, (text) => this.#log.runtime(text));
    const { lifetimeMs } = around.limits;
    if (lifetimeMs !== undefined) this.#expiresAt = new Date(this.#startedAt.getTime() + lifetimeMs);
  }

  /** True until the session is `stopped`; those are no longer listed (SESS-7). */
  get isLive(): boolean {
    return this.#phase.name !== "stopped";
  }

  /** True when it is `stopped` or `failed`: only the host's StopSession is still to come. */
  get isOver(): boolean {
    return states.isOver(this.#phase);
  }

  /** The session as the host sees it: from memory, whatever is under way (SESS-5). */
  describe(): plain.Session {
    const phase = this.#phase;
    const over = states.isOver(phase);
    return {
      id: this.id,
      state: states.stateOf(phase),
      metadata: this.request.metadata,
      lifecycle: this.#lifecycle(),
      ...(over && { stateReason: phase.reason, stateMessage: phase.message }),
    };
  }

  /** Begins to make the guest; resolves when that is done or `waitMs` have passed. */
  async create(waitMs: number, signal: AbortSignal): Promise<void> {
    const { lifetimeMs, unclaimedTimeoutMs } = this.around.limits;
    if (lifetimeMs !== undefined) this.#expiry = after(lifetimeMs, () => void this.#expire());
    if (unclaimedTimeoutMs > 0) this.#claim = after(unclaimedTimeoutMs, () => void this.#giveUp());
    const created = this.#createGuest();
    const cancelled = new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true }),
    );
    await settledWithin(Promise.race([created, cancelled]), waitMs);
    const failure = signal.aborted
      ? RuntimeProviderError.from(signal.reason, "StartSession")
      : this.#createError;
    if (failure === undefined) return;
    // SESS-13: the host will never know this session's id.
    await this.stop();
    throw failure;
  }

  /** The host has named this session: it knows it, and its log host does too (LOGS-2). */
  touch(): void {
    clearTimeout(this.#claim);
    this.#claim = undefined;
    this.#log.registered();
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
    const { guest } = this.#keeper;
    if (this.#phase.name !== "ready" || guest === undefined)
      throw precondition(
        this.#phase.name === "pending"
          ? `StartPlugin: session ${this.id} is not ready yet; wait until GetSession says ready`
          : `StartPlugin: session ${this.id} has a plugin already; start another session`,
      );
    this.#phase = states.starting;
    return this.#start(request, guest, AbortSignal.any([signal, this.#over.signal]));
  }

  /**
   * Ends the session and everything in it; resolves when nothing is left, or at the stop timeout, after which
   * clean-up goes on by itself (SESS-8). Calling it again joins the first call.
   */
  stop(timeoutMs = this.around.limits.stopTimeoutMs): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs);
    return this.#stopping;
  }

  /** Ends the session in the little time that a provider has when it ends itself (PROC-6); nobody takes logs then. */
  async shutDown(timeoutMs: number): Promise<void> {
    this.#log.end();
    const { guest } = this.#keeper;
    // A slower stop that is under way already is overtaken: `destroy` may be called again.
    if (this.#stopping !== undefined && guest !== undefined)
      await settledWithin(this.#keeper.destroyGuest(guest, timeoutMs), timeoutMs);
    else await this.stop(timeoutMs);
  }

  async #stop(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    this.#enter(states.stopped("stopped", "the session was stopped"));
    this.#over.abort(new RuntimeProviderError("CANCELLED", `session ${this.id} was stopped`));
    const gone = this.#destroy(timeoutMs).then(() => this.around.onGone(this));
    const inTime = await settledWithin(gone, timeoutMs - Math.min(flushTimeoutMs, timeoutMs / 4));
    if (!inTime)
      this.around.logger.warn(
        { session: this.id },
        `the session did not end within ${timeoutMs} ms; its clean-up goes on`,
      );
    await this.#log.flush(Math.max(0, Math.min(flushTimeoutMs, deadline - Date.now())));
    this.#log.end();
  }

  async #createGuest(): Promise<void> {
    const { metadata, pluginName, template, image, dockerConfigJson } = this.request;
    const request = {
      sessionId: this.id,
      pluginName,
      metadata,
      ...(template !== undefined && { template }),
      ...(image !== undefined && { image }),
      ...(dockerConfigJson !== undefined && { dockerConfigJson }),
      ...(this.#expiresAt !== undefined && { expiresAt: this.#expiresAt }),
    };
    try {
      const guest = await this.#keeper.create(request, this.around.limits.createTimeoutMs, this.#over.signal);
      this.#enter(states.ready);
      guest.ended?.then(
        (ended) => this.#end(ended),
        () => undefined,
      );
    } catch (thrown) {
      this.#createError = RuntimeProviderError.from(thrown, "creating the guest");
      this.#fail("create", this.#createError);
    }
  }

  async #start(
    request: plain.StartPluginRequest,
    guest: Guest<H>,
    signal: AbortSignal,
  ): Promise<plain.HostedPlugin> {
    const { backend, limits } = this.around;
    const io = new PluginOutput(this.#log);
    try {
      const { plugin, dialTarget } = await startPlugin({
        backend,
        guest,
        request,
        bindings: this.#bindings,
        io,
        limits,
        signal,
        context: (bounds) => this.#keeper.context(bounds),
        late: () => void this.#keeper.destroyGuest(guest),
      });
      const id = `p-${randomUUID()}`;
      this.#enter(states.running(id));
      this.#log.runtime(`the plugin accepts gRPC connections at ${dialTarget}`);
      void plugin.ended.then((ended) => this.#end(ended, io));
      return { id, dialTarget };
    } catch (thrown) {
      const cause = RuntimeProviderError.from(thrown, "StartPlugin");
      this.#fail(cause.code === "CANCELLED" ? "cancelled" : "start", cause);
      await settledWithin(this.#destroy(limits.stopTimeoutMs), limits.stopTimeoutMs);
      await io.ended(flushTimeoutMs);
      // LOGS-3: the host reads the last records the moment that it has the error.
      await this.#log.flush(flushTimeoutMs);
      throw this.#withLastLines(cause);
    }
  }

  /** SESS-10, SESS-12: a plugin that ended by itself shows at once, and leaves nothing running. */
  #end(ended: Ended, output?: PluginOutput): void {
    if (states.isOver(this.#phase)) return;
    this.#enter(states.afterEnd(ended));
    void (async () => {
      await output?.ended(flushTimeoutMs);
      this.#log.runtime(states.describeEnd(ended));
      await this.#destroy(destroyTimeoutMs);
    })();
  }

  #fail(reason: string, cause: RuntimeProviderError): void {
    if (states.isOver(this.#phase)) return;
    this.#enter(states.failed(reason, cause.message));
    this.#log.runtime(`the session failed: ${cause.message}`);
    void this.#destroy(destroyTimeoutMs);
  }

  async #expire(): Promise<void> {
    if (states.isOver(this.#phase)) return;
    this.#log.runtime("the session reached the end of its lifetime");
    this.#enter(states.stopped("expired", "the session reached the end of its lifetime"));
    this.#over.abort(new RuntimeProviderError("CANCELLED", `session ${this.id} expired`));
    await this.#destroy(destroyTimeoutMs);
  }

  async #giveUp(): Promise<void> {
    this.around.logger.warn(
      { session: this.id },
      "no call has named this session since it was started; it is stopped",
    );
    await this.stop();
  }

  #destroy(timeoutMs: number): Promise<void> {
    clearTimeout(this.#expiry);
    clearTimeout(this.#claim);
    return this.#keeper.destroy(timeoutMs);
  }

  #enter(phase: states.Phase): void {
    if (!states.isOver(this.#phase) || phase.name === "stopped") this.#phase = phase;
  }

  #lifecycle(): plain.SessionLifecycle {
    if (this.#expiresAt === undefined) return { startedAt: this.#startedAt };
    const { lifetimeMs = 0, drainLeadMs } = this.around.limits;
    const lead = Math.min(drainLeadMs, lifetimeMs / 2);
    return {
      startedAt: this.#startedAt,
      recommendedDrainAt: new Date(this.#expiresAt.getTime() - lead),
      expiresAt: this.#expiresAt,
    };
  }

  #assertNotOver(method: string): void {
    if (states.isOver(this.#phase))
      throw precondition(`${method}: session ${this.id} is ${this.#phase.name}: ${this.#phase.message}`);
  }

  /** PLUG-6: what went wrong stands in the program's last words. */
  #withLastLines(cause: RuntimeProviderError): RuntimeProviderError {
    const lines = this.#log.tail("stderr", 20);
    if (lines.length === 0) return cause;
    return new RuntimeProviderError(
      cause.code,
      `${cause.message}; the last lines of its stderr:\n${lines.join("\n")}`,
      {
        cause,
      },
    );
  }
}

function precondition(message: string): RuntimeProviderError {
  return new RuntimeProviderError("FAILED_PRECONDITION", message);
}
