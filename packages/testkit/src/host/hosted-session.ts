import { basename } from "node:path";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { UnaryCallOptions } from "@gestalt-runtime/sdk/protocol";
import type { PluginRuntimeSession } from "@gestalt-runtime/sdk/protocol";
import type { PublicListener } from "../relay/index.js";
import { HostError, type HostFailure } from "./host-error.js";
import type { HostTraits } from "./host-version.js";
import { offerHostServices, type OfferedServices } from "./offer-services.js";
import type { HostedProgram } from "./options.js";
import { dialPlugin, type DialledPlugin } from "./plugin-dial.js";
import type { ProviderInstance } from "./provider-instance.js";

/** What one session is started for. */
export interface SessionSubject {
  readonly kind: "plugin" | "agent";
  readonly name: string;
  readonly program: HostedProgram;
  readonly caches: readonly string[];
  readonly indexedDb: boolean;
}

export interface SessionContext {
  readonly tmpDir: string | undefined;
  readonly operatorEnv: Readonly<Record<string, string | undefined>>;
  readonly traits: HostTraits;
  /** The host's public side, where services are relayed. */
  readonly relay: PublicListener | undefined;
  /** What every call of the start carries: the host's end, and a pool's deadline. */
  readonly callOptions: () => UnaryCallOptions & { readonly signal: AbortSignal };
}

/** A session whose program has been started and dialled. What it holds is taken back by `undo`. */
export interface HostedSession {
  readonly session: PluginRuntimeSession;
  readonly dialTarget: string;
  readonly services: OfferedServices;
  readonly dialled: DialledPlugin;
  /** Takes back all of the start, the newest first. */
  readonly undo: () => Promise<void>;
}

/**
 * The host's steps 2 to 5, in their order: session, host services, program, connection. After a failure the session
 * has been stopped and nothing is left.
 *
 * @throws {@link HostError} with the cause
 */
export async function startHostedSession(
  provider: ProviderInstance,
  subject: SessionSubject,
  context: SessionContext,
): Promise<HostedSession> {
  const { callOptions, traits } = context;
  const undo = new Undo();
  const session = await step("start-session", "StartSession", startSession(provider, subject, context));
  // An empty id is not checked, and cannot be stopped (SESS-1).
  if (session.id !== "") undo.add(() => provider.sessions.stop(session.id));
  try {
    const ready = await step(
      "get-session",
      "GetSession",
      provider.sessions.waitUntilReady(session.id, callOptions),
    );
    const services = await offerHostServices(provider, {
      plugin: subject.name,
      sessionId: session.id,
      kind: subject.kind,
      caches: subject.caches,
      indexedDb: subject.indexedDb,
      inEnvironment: !traits.bindsHostServices,
      ...(subject.program.egress === undefined ? {} : { egress: subject.program.egress }),
      ...(context.relay === undefined ? {} : { relay: context.relay }),
      ...(context.tmpDir === undefined ? {} : { tmpDir: context.tmpDir }),
    });
    undo.add(() => services.close());
    for (const { envVar, dialTarget } of services.bindings)
      await step(
        "bind-host-service",
        `BindHostService of ${envVar}`,
        provider.runtime.bindHostService(
          { sessionId: session.id, envVar, relay: { dialTarget } },
          callOptions(),
        ),
      );
    const { dialTarget } = await startProgram(provider, session.id, subject, services, callOptions());
    const { signal, timeoutMs } = callOptions();
    const { pluginReadyMs } = provider.times;
    const dialled = await dialPlugin(dialTarget, {
      operatorEnv: context.operatorEnv,
      signal,
      times: { ...provider.times, pluginReadyMs: Math.min(pluginReadyMs, timeoutMs ?? pluginReadyMs) },
    });
    undo.add(() => dialled.channel.close());
    return { session: ready, dialTarget, services, dialled, undo: () => undo.run() };
  } catch (error) {
    await undo.run();
    throw error;
  }
}

function startSession(
  provider: ProviderInstance,
  { kind, name, program }: SessionSubject,
  { traits, callOptions }: SessionContext,
): Promise<PluginRuntimeSession> {
  const { image, template, metadata, imagePullAuth } = program.runtime ?? {};
  return provider.sessions.start(
    {
      pluginName: name,
      ...(template === undefined ? {} : { template }),
      ...(image === undefined ? {} : { image }),
      metadata: { ...metadata, provider_kind: kind, provider_name: name },
      ...(imagePullAuth === undefined || !traits.sendsImagePullAuth ? {} : { imagePullAuth }),
    },
    callOptions(),
  );
}

function startProgram(
  provider: ProviderInstance,
  sessionId: string,
  { name, program }: SessionSubject,
  services: OfferedServices,
  options: UnaryCallOptions,
): Promise<{ readonly dialTarget: string }> {
  const { runtime = {} } = program;
  const inImage = runtime.image !== undefined || runtime.template !== undefined;
  const request = provider.runtime.startPlugin(
    {
      sessionId,
      pluginName: name,
      command: inImage ? `./${program.entrypoint ?? basename(program.command)}` : program.command,
      args: [...(program.args ?? [])],
      // The host's own come last (PLUG-2).
      env: { ...program.env, ...services.env },
      allowedHosts: [...services.allowedHosts],
      defaultAction: services.defaultAction,
    },
    options,
  );
  return step("start-plugin", "StartPlugin", request, () => {
    const records = provider.logs.tail(provider.name, sessionId, provider.limits.failureLogRecords);
    if (records.length === 0) return "";
    const lines = records.map(({ stream, message }) => `  [${stream}] ${message.replace(/\n$/, "")}`);
    return `\nthe last of the session's log:\n${lines.join("\n")}`;
  });
}

/** One step of a start: what it fails with becomes the host's error. */
export async function step<T>(
  failure: HostFailure,
  what: string,
  call: Promise<T>,
  more: () => string = () => "",
): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    if (cause instanceof HostError) throw cause;
    const { code, message } = RuntimeProviderError.from(cause, what);
    throw new HostError(failure, `${what} failed with ${code}: ${message}${more()}`, { code, cause });
  }
}

/** What a failed start has to take back, the newest first. */
class Undo {
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch {
        // The start's own error is the one to tell; a StopSession that failed is in the trace.
      }
    }
  }
}
