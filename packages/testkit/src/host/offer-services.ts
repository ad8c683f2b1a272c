import { PluginRuntimeLogHost } from "@gestalt-runtime/sdk/protocol";
import type { PublicListener } from "../relay/index.js";
import type { CacheStore } from "./cache-store.js";
import { startHostServices, type HostService } from "./host-services.js";
import { needsHostnameEgress } from "./hosting-plan.js";
import type { EgressOptions } from "./options.js";
import { logSocketVariable, type LogHost } from "./log-host.js";
import type { ProviderInstance } from "./provider-instance.js";

/** For whom {@link offerHostServices} makes host services, and which. */
export interface OfferOptions {
  /** Of the plugin or agent. */
  readonly plugin: string;
  /** The session that is confirmed for each relayed call. */
  readonly sessionId: string;
  /** Default `plugin`. */
  readonly kind?: "plugin" | "agent";
  /** The names of its caches; each is a real cache in memory. Default: none. */
  readonly caches?: readonly string[];
  /** Whether an agent has an IndexedDB configured. Default false. */
  readonly indexedDb?: boolean;
  /** Its egress policy; with relay access and a policy, tokens for the public proxy come with it (SUP-4). */
  readonly egress?: EgressOptions;
  /** Relay access through this listener. Default: direct access, over Unix sockets. */
  readonly relay?: PublicListener;
  /**
   * With relay access, as hosts from 2026-05-01 do it: nothing is bound, and targets, tokens, the session's id and a
   * log host come in the environment. Default: as the provider's `hostVersion` does it.
   */
  readonly inEnvironment?: boolean;
  /** Where the directory for the sockets is made. Default: the system's. */
  readonly tmpDir?: string;
}

/** Host services of one session: what the host binds, and what it adds to StartPlugin. */
export interface OfferedServices extends AsyncDisposable {
  /** What BindHostService is called with, in this order (BIND). */
  readonly bindings: readonly {
    /** Such as `GESTALT_CACHE_SOCKET_MAIN`. */
    readonly envVar: string;
    /** `unix://` with direct access, `tls://` or `tcp://` with relay access. */
    readonly dialTarget: string;
  }[];
  /** What StartPlugin's `env` gets: tokens, and the public proxy where the policy needs it. Secret. */
  readonly env: Readonly<Record<string, string>>;
  /** StartPlugin's `allowed_hosts`: the policy's, and with relay access the relay's host (EGR-5). */
  readonly allowedHosts: readonly string[];
  /** StartPlugin's `default_action`. */
  readonly defaultAction: "allow" | "deny";
  /** The Unix socket behind each variable, whatever the access. */
  readonly sockets: ReadonlyMap<string, string>;
  /** Its caches by name, to be looked into or filled. */
  readonly caches: ReadonlyMap<string, CacheStore>;
  /** Ends the services and, with relay access, that calls are relayed to them. */
  close(): Promise<void>;
}

/** Starts the host services of one session as the host does, ready to be bound. Close them when done. */
export async function offerHostServices(
  provider: ProviderInstance,
  options: OfferOptions,
): Promise<OfferedServices> {
  const { plugin, sessionId, relay, egress = {} } = options;
  const inEnvironment = options.inEnvironment ?? !provider.traits.bindsHostServices;
  const services = await startHostServices({
    plugin,
    kind: options.kind ?? "plugin",
    caches: options.caches ?? [],
    indexedDb: options.indexedDb ?? false,
    tmpDir: options.tmpDir,
    trace: provider.trace,
    times: provider.times,
    limits: provider.limits,
  });
  const logs = inEnvironment && provider.logHost !== undefined ? [logService(provider.logHost)] : [];
  const relayed = [...services.services, ...logs];
  const sockets = new Map(services.services.map(({ envVar, path }) => [envVar, path]));
  const end = relay?.relay({
    plugin,
    sessionId,
    services: new Map(relayed.map(({ envVar, path }) => [envVar, path])),
    getSession: (signal) => provider.runtime.getSession({ sessionId }, { signal }),
  });
  const close = async (): Promise<void> => {
    end?.();
    await services.close();
  };
  const listed = egress.allowedHosts ?? [];
  try {
    return {
      bindings: inEnvironment
        ? []
        : services.services.map(({ envVar, path }) => ({
            envVar,
            dialTarget: relay?.dialTarget ?? `unix://${path}`,
          })),
      env:
        relay === undefined
          ? {}
          : {
              ...(inEnvironment ? announced(relay, relayed, sessionId) : {}),
              ...(await relayEnvironment(relay, relayed, options)),
            },
      allowedHosts: relay === undefined ? [...listed] : [...new Set([...listed, relay.publicHost])],
      defaultAction: egress.defaultAction ?? "allow",
      sockets,
      caches: services.caches,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What later hosts put into StartPlugin's environment in the place of bindings. */
function announced(
  relay: PublicListener,
  services: readonly HostService[],
  sessionId: string,
): Record<string, string> {
  return {
    ...Object.fromEntries(services.map(({ envVar }) => [envVar, relay.dialTarget])),
    GESTALT_RUNTIME_SESSION_ID: sessionId,
    ...relay.caEnvironment,
  };
}

/** The provider's log host, as a plugin of a later host reaches it. */
function logService({ path }: LogHost): HostService {
  const { typeName } = PluginRuntimeLogHost;
  return { envVar: logSocketVariable, path, service: "runtime_logs", methodPrefix: `/${typeName}/` };
}

async function relayEnvironment(
  relay: PublicListener,
  services: readonly HostService[],
  { plugin, sessionId, egress = {} }: OfferOptions,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const { envVar, service, methodPrefix } of services)
    env[`${envVar}_TOKEN`] = await relay.tokens.relay({ plugin, sessionId, service, envVar, methodPrefix });
  if (!needsHostnameEgress(egress)) return env;
  const { allowedHosts = [], defaultAction = "allow" } = egress;
  const token = await relay.tokens.egress({ plugin, sessionId, allowedHosts, defaultAction });
  const url = relay.proxyUrl(token);
  return { ...env, HTTP_PROXY: url, HTTPS_PROXY: url };
}
