import { IntegrationProvider } from "@gestalt-runtime/sdk/protocol";
import type { HostTokens, PublicListener } from "../relay/index.js";
import type { HostTraits } from "./host-version.js";
import { startHostedSession, step } from "./hosted-session.js";
import { HostedPlugin } from "./hosted-plugin.js";
import { checkSupport } from "./hosting-plan.js";
import type { HostedProgram, PluginOptions } from "./options.js";
import { getPluginMetadata, startPluginProvider } from "./plugin-calls.js";
import type { ProviderInstance } from "./provider-instance.js";
import { tracedClient } from "./traced-client.js";

export interface HostingContext {
  readonly tmpDir: string | undefined;
  /** The host's public side, where it has one. */
  readonly publicListener: PublicListener | undefined;
  readonly operatorEnv: Readonly<Record<string, string | undefined>>;
  readonly traits: HostTraits;
  /** Aborted when the host is told to end. */
  readonly signal: AbortSignal;
  readonly subject: string;
  readonly tokens: HostTokens;
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
  const { signal, tokens, subject } = context;
  const relay = await planHosting(provider, plugin, context);
  const hosted = await startHostedSession(
    provider,
    { kind: "plugin", name, program: plugin, caches: plugin.cache ?? [], indexedDb: true },
    { ...context, relay, callOptions: () => ({ signal }) },
  );
  const { session, dialTarget, services, dialled } = hosted;
  try {
    const { channel, authority } = dialled;
    const peer = { to: "plugin", name, instance: 0, authority } as const;
    const client = tracedClient(channel, IntegrationProvider, peer, provider.trace);
    const metadata = await getPluginMetadata(client, provider.times, signal);
    await startPluginProvider(client, name, plugin.config, signal);
    return new HostedPlugin({
      name,
      sessionId: session.id,
      dialTarget,
      metadata,
      provider,
      services,
      dialled,
      client,
      subject,
      tokens,
    });
  } catch (error) {
    await hosted.undo();
    throw error;
  }
}

/**
 * GetSupport, without a deadline, and what follows from it: the relay, where host services go through one.
 *
 * @throws {@link HostError} as {@link checkSupport}
 */
export async function planHosting(
  provider: ProviderInstance,
  { egress }: Pick<HostedProgram, "egress">,
  { publicListener, signal, traits }: HostingContext,
): Promise<PublicListener | undefined> {
  const support = await step("get-support", "GetSupport", provider.runtime.getSupport({}, { signal }));
  const route = checkSupport(support, {
    provider: provider.name,
    egress,
    ...(publicListener === undefined ? {} : { publicSide: publicListener }),
    traits,
  });
  return route === "relay" ? publicListener : undefined;
}
