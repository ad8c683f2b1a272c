import { fixturePlugin, type ProviderInstance } from "@gestalt-runtime/testkit";
import { dial, startSession, type Plugin } from "../support.js";

/** What the host says of the network when it starts a plugin. */
export interface Start {
  readonly allowedHosts?: string[];
  readonly defaultAction?: string;
  readonly env?: Record<string, string>;
  /** Dial targets of host services. */
  readonly relays?: readonly string[];
}

/** Starts a plugin in a session of its own. */
export async function start(
  provider: ProviderInstance,
  { relays = [], ...request }: Start = {},
): Promise<Plugin> {
  const sessionId = await startSession(provider);
  for (const [index, dialTarget] of relays.entries())
    await provider.runtime.bindHostService({ sessionId, envVar: `RELAY_${index}`, relay: { dialTarget } });
  const { dialTarget } = await provider.runtime.startPlugin({
    sessionId,
    pluginName: "example",
    ...fixturePlugin(),
    ...request,
  });
  return dial(sessionId, dialTarget);
}
