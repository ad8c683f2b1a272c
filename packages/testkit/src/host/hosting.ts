import { basename } from "node:path";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { IntegrationProvider, type PluginRuntimeSession } from "@gestalt-runtime/sdk/protocol";
import { HostError, type HostFailure } from "./host-error.js";
import { startHostServices, type HostServices } from "./host-services.js";
import { HostedPlugin } from "./hosted-plugin.js";
import { checkSupport } from "./hosting-plan.js";
import type { GestaltdOptions, PluginOptions } from "./options.js";
import { getPluginMetadata, startPluginProvider } from "./plugin-calls.js";
import { dialPlugin, type DialledPlugin } from "./plugin-dial.js";
import type { ProviderInstance } from "./provider-instance.js";
import { tracedClient } from "./traced-client.js";

export interface HostingContext extends Pick<GestaltdOptions, "baseUrl" | "encryptionKey" | "tmpDir"> {
  readonly operatorEnv: Readonly<Record<string, string | undefined>>;
  /** Aborted when the host is told to end. */
  readonly signal: AbortSignal;
  readonly subject: string;
  readonly tokenKey: string;
}

/**
 * Hosts one plugin on a configured provider: the host's steps 1 to 6, in their order. After a failure the
 * session has been stopped and nothing is left.
 *
 * @throws {@link HostError} with the cause
 */
export async function hostPlugin(
  provider: ProviderInstance,
  name: string,
  plugin: PluginOptions,
  context: HostingContext,
): Promise<HostedPlugin> {
  const { signal, baseUrl, encryptionKey } = context;
  const support = await step("get-support", "GetSupport", provider.runtime.getSupport({}, { signal }));
  checkSupport(support, { provider: provider.name, egress: plugin.egress, baseUrl, encryptionKey });
  const session = await step("start-session", "StartSession", startSession(provider, name, plugin, signal));
  const undo = new Undo();
  // An empty id is not checked, and cannot be stopped (SESS-1).
  if (session.id !== "") undo.add(() => provider.sessions.stop(session.id));
  try {
    await step("get-session", "GetSession", provider.sessions.waitUntilReady(session.id, signal));
    const services = await startHostServices({
      plugin: name,
      caches: plugin.cache ?? [],
      tmpDir: context.tmpDir,
      trace: provider.trace,
      times: provider.times,
      limits: provider.limits,
    });
    undo.add(() => services.close());
    await bindHostServices(provider, session.id, services, signal);
    const started = await startPlugin(provider, session.id, name, plugin, signal);
    const dialled = await dialPlugin(started.dialTarget, { ...context, times: provider.times });
    undo.add(() => dialled.channel.close());
    const client = pluginClient(provider, name, dialled);
    const metadata = await getPluginMetadata(client, provider.times, signal);
    await startPluginProvider(client, name, plugin.config, signal);
    const { subject, tokenKey } = context;
    return new HostedPlugin({
      name,
      sessionId: session.id,
      dialTarget: started.dialTarget,
      metadata,
      provider,
      services,
      dialled,
      client,
      subject,
      tokenKey,
    });
  } catch (error) {
    await undo.run();
    throw error;
  }
}

function startSession(
  provider: ProviderInstance,
  name: string,
  { runtime = {} }: PluginOptions,
  signal: AbortSignal,
): Promise<PluginRuntimeSession> {
  const { image, template, metadata, imagePullAuth } = runtime;
  return provider.sessions.start(
    {
      pluginName: name,
      ...(template === undefined ? {} : { template }),
      ...(image === undefined ? {} : { image }),
      metadata: { ...metadata, provider_kind: "plugin", provider_name: name },
      ...(imagePullAuth === undefined ? {} : { imagePullAuth }),
    },
    { signal },
  );
}

async function bindHostServices(
  provider: ProviderInstance,
  sessionId: string,
  { services }: HostServices,
  signal: AbortSignal,
): Promise<void> {
  for (const { envVar, path } of services)
    await step(
      "bind-host-service",
      `BindHostService of ${envVar}`,
      provider.runtime.bindHostService(
        { sessionId, envVar, relay: { dialTarget: `unix://${path}` } },
        { signal },
      ),
    );
}

async function startPlugin(
  provider: ProviderInstance,
  sessionId: string,
  name: string,
  plugin: PluginOptions,
  signal: AbortSignal,
): Promise<{ readonly dialTarget: string }> {
  const { runtime = {}, egress = {} } = plugin;
  const inImage = runtime.image !== undefined || runtime.template !== undefined;
  const request = provider.runtime.startPlugin(
    {
      sessionId,
      pluginName: name,
      command: inImage ? `./${plugin.entrypoint ?? basename(plugin.command)}` : plugin.command,
      args: [...(plugin.args ?? [])],
      env: { ...plugin.env },
      allowedHosts: [...(egress.allowedHosts ?? [])],
      defaultAction: egress.defaultAction ?? "allow",
    },
    { signal },
  );
  return step("start-plugin", "StartPlugin", request, () => {
    const records = provider.logs.tail(provider.name, sessionId, provider.limits.failureLogRecords);
    if (records.length === 0) return "";
    const lines = records.map(({ stream, message }) => `  [${stream}] ${message.replace(/\n$/, "")}`);
    return `\nthe last of the session's log:\n${lines.join("\n")}`;
  });
}

function pluginClient(
  provider: ProviderInstance,
  name: string,
  { channel, authority }: DialledPlugin,
): HostedPluginClient {
  return tracedClient(
    channel,
    IntegrationProvider,
    { to: "plugin", name, instance: 0, authority },
    provider.trace,
  );
}

type HostedPluginClient = ReturnType<typeof tracedClient<typeof IntegrationProvider>>;

async function step<T>(
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
    for (const step of this.#steps.reverse()) {
      try {
        await step();
      } catch {
        // The start's own error is the one to tell; a StopSession that failed is in the trace.
      }
    }
  }
}
