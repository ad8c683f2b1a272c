import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { IntegrationProvider, type HostedPlugin } from "@gestalt-runtime/sdk/protocol";
import { HostError } from "../../host/host-error.js";
import { handshake } from "../../host/handshake.js";
import { dialPlugin } from "../../host/plugin-dial.js";
import { ProviderInstance } from "../../host/provider-instance.js";
import type { ProcessEnd } from "../../host/provider-process.js";
import { hostTimes } from "../../host/times.js";
import type { HostTrace } from "../../host/trace.js";
import { tracedClient } from "../../host/traced-client.js";
import type { AtStart } from "../../plugins/at-start.js";
import type { Leak } from "../leftovers/leak.js";
import type { Place } from "../leftovers/place.js";
import { BareProcess, type BareProcessOptions } from "../subject/bare-process.js";
import { guarded } from "../subject/guarded-calls.js";
import { SubjectPlugin } from "../subject/plugin.js";
import type { Profile } from "../subject/profile.js";
import { SubjectProvider } from "../subject/provider.js";
import type { PluginRequest, SessionRequest } from "../subject/requests.js";
import { SubjectSession } from "../subject/session.js";
import type { SpawnOverrides, Subject } from "../subject/subject.js";
import { CleanUp } from "./clean-up.js";
import { createExpect, type Difference, type Expect } from "./expectations.js";
import { CheckBlocked, CheckFailed, MissingPrerequisite } from "./outcome.js";
import { Random } from "./random.js";
import { ownerOf, owners, type Step } from "./steps.js";

export interface FixtureStart extends Omit<PluginRequest, "command" | "args"> {
  /** What the fixture plugin does before it serves. */
  readonly atStart?: readonly AtStart[];
  /** Its arguments. */
  readonly args?: readonly string[];
}

export interface CheckContextParts {
  readonly subject: Subject;
  readonly profile: Profile;
  readonly place: Place;
  readonly trace: HostTrace;
  readonly signal: AbortSignal;
  readonly random: Random;
  readonly requirement: string;
  /** The configured provider that checks share; undefined for a check with one of its own. */
  readonly shared: ProviderInstance | undefined;
  /** What the checks before this one left. */
  readonly leaks: readonly Leak[];
}

/** What a check is given: providers, sessions and plugins, ways to say what differs, and an end for all of it. */
export class CheckContext {
  /** Notes what differs, and goes on. */
  readonly expect: Expect;
  readonly differences: Difference[] = [];
  readonly subject: Subject;
  readonly profile: Profile;
  /** The directory and the marks of this check (or of the shared provider): what is left is found there. */
  readonly place: Place;
  readonly trace: HostTrace;
  /** Aborted when the check's time is over or the run is interrupted. */
  readonly signal: AbortSignal;
  /** The same values for the same `--seed`. */
  readonly random: Random;
  readonly cleanUps = new CleanUp();
  /** What it is at, for the report of a check that does not end. */
  doing = "at its beginning";
  readonly providers: SubjectProvider[] = [];
  /** What the providers of checks before this one left, though they had ended as they were told to. */
  readonly leaks: readonly Leak[];
  /** Checks that have to run before this one to repeat what it found. */
  repeatWith: readonly string[] = [];
  readonly #shared: ProviderInstance | undefined;
  readonly #programs: { readonly end: ProcessEnd | undefined }[] = [];

  constructor(parts: CheckContextParts) {
    this.subject = parts.subject;
    this.profile = parts.profile;
    this.place = parts.place;
    this.trace = parts.trace;
    this.signal = parts.signal;
    // A check may have any number of calls and waits at the same time.
    setMaxListeners(0, parts.signal);
    this.random = parts.random;
    this.#shared = parts.shared;
    this.leaks = parts.leaks;
    this.expect = createExpect(parts.requirement, this.differences);
  }

  /** Runs at the end, the newest first, whatever became of the check. */
  cleanUp(what: string, action: () => unknown): void {
    this.cleanUps.add(what, action);
  }

  /** The machine lacks something: the check fails with this reason. */
  missing(text: string): never {
    throw new MissingPrerequisite(text);
  }

  /**
   * Does something that the check relies on and is not about: when it fails, the check is blocked by the one whose
   * question it is.
   */
  async relies<T>(step: Step, what: string, action: () => Promise<T>): Promise<T> {
    this.doing = what;
    try {
      return await action();
    } catch (error) {
      if (this.signal.aborted) throw error;
      if (error instanceof RuntimeProviderError)
        throw new CheckBlocked(ownerOf(step, error), `${what} failed with ${error.code}: ${error.message}`, {
          cause: error,
        });
      if (error instanceof HostError || error instanceof CheckFailed)
        throw new CheckBlocked(ownerOf(step, error), `${what}: ${error.message}`, { cause: error });
      throw error;
    }
  }

  /** Spawns a process of the provider and waits for nothing. It is ended after the check. */
  async spawn(overrides?: SpawnOverrides): Promise<ProviderInstance> {
    const instance = await this.subject.spawn(this.place, this.trace, overrides);
    this.#programs.push(instance.process);
    this.cleanUp("end the provider", () => instance.shutdown());
    return instance;
  }

  /** Spawns a process in a way that the host would not, and waits for nothing. It is ended after the check. */
  async bareProcess(options: BareProcessOptions = {}): Promise<BareProcess> {
    const bare = await BareProcess.spawn(this.subject, this.place, options);
    this.#programs.push(bare.process);
    this.cleanUp("end the provider", () => bare.end());
    return bare;
  }

  /** Connects to a bare process that serves. The connection is closed after the check, the process left to itself. */
  async attach(process: BareProcess): Promise<SubjectProvider> {
    return this.relies("serves", "the connection to the provider", async () => {
      const instance = await ProviderInstance.attach({
        attach: process.socketPath,
        name: this.subject.name,
        trace: this.trace,
        tmpDir: this.place.directory,
        logHost: false,
        times: { providerStartMs: this.subject.times.startMs },
      });
      this.cleanUp("let go of the provider", () => instance.shutdown());
      await instance.connect(this.signal);
      return this.handle(instance);
    });
  }

  /** A process that serves and is not configured. */
  async start(overrides?: SpawnOverrides): Promise<SubjectProvider> {
    return this.relies("serves", "the provider's start", async () => {
      const instance = await this.spawn(overrides);
      await instance.connect(this.signal);
      return this.handle(instance);
    });
  }

  /** Wraps a process that the check has connected itself. */
  handle(instance: ProviderInstance): SubjectProvider {
    return this.#hold(new SubjectProvider(instance, this.subject.times.callMs, this.signal));
  }

  /** A configured provider: the shared one where the check asked for that, else a process of its own. */
  async provider(overrides?: SpawnOverrides): Promise<SubjectProvider> {
    if (this.#shared !== undefined && (overrides === undefined || this.#shared.process.attached))
      return this.handle(this.#shared);
    const provider = await this.start(overrides);
    await this.configure(provider);
    return provider;
  }

  /** The host's handshake (LIFE). */
  async configure(provider: SubjectProvider): Promise<void> {
    await this.relies("handshake", "the handshake", () =>
      handshake(provider.lifecycle, {
        name: this.subject.name,
        config: this.subject.config,
        times: { ...hostTimes, lifecycleMs: this.subject.times.callMs },
        signal: this.signal,
      }),
    );
  }

  /** What StartSession is asked with by default: the operator's hints, and the metadata that the host adds. */
  sessionRequest(request: SessionRequest = {}): SessionRequest & { metadata: Record<string, string> } {
    const { image, template, imagePullAuth, metadata } = this.subject.options.session ?? {};
    return {
      pluginName: "fixture",
      ...(image === undefined ? {} : { image }),
      ...(template === undefined ? {} : { template }),
      ...(imagePullAuth === undefined ? {} : { imagePullAuth }),
      ...request,
      metadata: { ...metadata, provider_kind: "plugin", provider_name: "fixture", ...request.metadata },
    };
  }

  /** A session that is ready. */
  async session(provider: SubjectProvider, request?: SessionRequest): Promise<SubjectSession> {
    const asked = this.sessionRequest(request);
    return this.relies("session", "a session that gets ready", async () => {
      const started = await provider.runtime.startSession(asked);
      const session = new SubjectSession(provider, started, asked.metadata);
      await this.untilReady(session);
      return session;
    });
  }

  /** GetSession every 25 ms until it is ready or running (SESS-4). */
  async untilReady(session: SubjectSession): Promise<void> {
    for (;;) {
      const { state, stateReason, stateMessage } = await session.get();
      if (state === "ready" || state === "running") return;
      if (state === "failed" || state === "stopped")
        throw new CheckFailed(`the session turned ${state} (${stateReason}: ${stateMessage})`);
      this.doing = `waiting for a session that is ${JSON.stringify(state)}`;
      await delay(hostTimes.pollMs, undefined, { signal: this.signal });
    }
  }

  /** What StartPlugin is asked with for the fixture plugin, marks included. */
  pluginRequest({ atStart = [], args = [], env = {}, ...request }: FixtureStart = {}): PluginRequest {
    return {
      ...this.subject.plugin(args, atStart),
      env: { ...this.subject.options.plugin?.env, ...this.place.pluginEnv, ...env },
      ...request,
    };
  }

  /** The fixture plugin, running in a session and dialled. */
  async plugin(session: SubjectSession, start: FixtureStart = {}): Promise<SubjectPlugin> {
    const hosted = await this.relies("plugin", "StartPlugin of the fixture plugin", () =>
      session.startPlugin(this.pluginRequest(start)),
    );
    return this.relies("plugin", "the fixture plugin's dial target", () => this.dial(session, hosted));
  }

  /**
   * Dials what StartPlugin answered, as the host does.
   *
   * @throws {@link CheckBlocked} at once where it is known that plugins never get ready
   */
  async dial(session: SubjectSession, hosted: HostedPlugin): Promise<SubjectPlugin> {
    const { pluginFault } = this.profile;
    if (pluginFault !== undefined) throw new CheckBlocked(owners.plugin, pluginFault);
    return this.dialAnyway(session, hosted);
  }

  /** The same for the check whose question it is, whatever is known. */
  async dialAnyway(session: SubjectSession, hosted: HostedPlugin): Promise<SubjectPlugin> {
    const { callMs } = this.subject.times;
    const { channel, authority } = await dialPlugin(hosted.dialTarget, {
      times: { ...hostTimes, pluginReadyMs: Math.min(hostTimes.pluginReadyMs, callMs) },
      operatorEnv: process.env,
      signal: this.signal,
    });
    this.cleanUp("close the connection to the plugin", () => channel.close());
    const peer = { to: "plugin", name: hosted.pluginName, instance: 0, authority } as const;
    const client = tracedClient(channel, IntegrationProvider, peer, this.trace);
    return new SubjectPlugin(session, hosted, guarded(client, callMs, this.signal), () => channel.close());
  }

  /**
   * Waits until something holds, and notes a difference when it does not in time. The probe answers `undefined`
   * once it holds, else what still stands against it.
   *
   * @param what as in "the plugin has ended"
   */
  async eventually(
    what: string,
    withinMs: number,
    probe: () => string | undefined | Promise<string | undefined>,
    requirement?: string,
  ): Promise<boolean> {
    this.doing = `waiting until ${what}`;
    const deadline = performance.now() + withinMs;
    for (;;) {
      const against = await probe();
      if (against === undefined) return true;
      if (performance.now() >= deadline)
        return this.expect(false, `${what}: not within ${withinMs} ms; ${against}`, requirement);
      await delay(10, undefined, { signal: this.signal });
    }
  }

  /** Whether every process of the provider that the check had for itself has ended with 0, as SIGTERM ends it (PROC-6). */
  get allEndedWell(): boolean {
    return this.#programs.every(({ end }) => end?.code === 0);
  }

  /** Waits, and ends with the check. */
  async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.signal });
  }

  #hold(provider: SubjectProvider): SubjectProvider {
    this.providers.push(provider);
    this.cleanUp("stop the sessions", async () => {
      const { process, runtime } = provider.instance;
      if (process.end !== undefined) return;
      const left = [provider, ...this.#outlived()].flatMap((one) =>
        one.sessionIds.map((sessionId) => ({ sessionId })),
      );
      // The check's own signal is aborted when its time is over: these calls must go out all the same.
      await Promise.allSettled(left.map((request) => runtime.stopSession(request, { timeoutMs: 3_000 })));
    });
    return provider;
  }

  /** Providers that have ended before their sessions: another one of them can stop those. */
  #outlived(): SubjectProvider[] {
    if (!this.subject.declares.outlives) return [];
    return this.providers.filter(({ instance }) => instance.process.end !== undefined);
  }
}
