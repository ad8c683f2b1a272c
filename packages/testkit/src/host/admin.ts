import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import {
  PluginRuntimeEgressMode,
  PluginRuntimeHostServiceAccess,
  type PluginRuntimeSession,
  type PluginRuntimeSupport,
} from "@gestalt-runtime/sdk/protocol";
import { HostError } from "./host-error.js";
import type { HostTraits } from "./host-version.js";
import { hostServiceRoute, type PublicAddress } from "./hosting-plan.js";
import type { LogRecord, LogStore } from "./log-store.js";
import type { GestaltdOptions } from "./options.js";
import type { ProviderInstance } from "./provider-instance.js";
import type { ProviderSlot } from "./provider-slot.js";
import type { HostLimits } from "./times.js";

/** What a provider can do, in an admin's words. */
export interface SupportProfile {
  /** Whether plugins can be hosted at all (SUP-2). */
  readonly canHostPlugins: boolean;
  /** How a plugin would reach the host's services (SUP-3). */
  readonly hostServiceAccess: "none" | "direct" | "relay";
  /** How far an egress policy is enforced (SUP-4). */
  readonly egressMode: "none" | "cidr" | "hostname";
}

/** One runtime provider, as the admin API lists it. */
export interface AdminProvider {
  /** The operator's name for it. */
  readonly name: string;
  /** Whether plugins that name no provider are hosted by it. */
  readonly default: boolean;
  /** Whether it has been started, and is asked. */
  readonly loaded: boolean;
  /** Its live sessions, `failed` ones included; 0 where it is not loaded. */
  readonly sessionCount: number;
  /** What it can do; absent where it is not loaded or could not be asked. */
  readonly profile?: {
    /** What GetSupport said. */
    readonly advertised: SupportProfile;
    /** What it comes to on this host. */
    readonly effective: SupportProfile;
  };
  /** Why it could not be asked. */
  readonly error?: string;
}

/** The host's view for operators: each look asks the provider, GetSupport and ListSessions, 60 s for both. */
export class Admin {
  /** @internal */
  constructor(
    private readonly slots: ReadonlyMap<string, ProviderSlot>,
    private readonly logStore: LogStore,
    private readonly limits: HostLimits,
    private readonly config: Pick<GestaltdOptions, "runtimeProviders"> & {
      readonly publicSide: () => PublicAddress | undefined;
      readonly traits: HostTraits;
    },
  ) {}

  /** All providers of the config, in name order. One that fails shows its error and spoils no other. */
  async providers(): Promise<readonly AdminProvider[]> {
    const names = [...this.slots.keys()].sort();
    return Promise.all(names.map((name) => this.#provider(name)));
  }

  /** @throws {@link HostError} `unknown-provider`, or `provider-unavailable` (503) when it can't be asked */
  async sessions(provider: string): Promise<readonly PluginRuntimeSession[]> {
    const instance = this.#slot(provider).instance;
    if (instance === undefined) return [];
    return (await inspect(instance)).sessions;
  }

  /**
   * A session's log records numbered above `after`, 200 unless `limit` says otherwise, 1,000 at most.
   * `undefined` (404) for a session that the host does not know or has forgotten.
   */
  logs(
    provider: string,
    sessionId: string,
    { after = 0, limit = this.limits.adminLogRecords }: { after?: number; limit?: number } = {},
  ): readonly LogRecord[] | undefined {
    this.#slot(provider);
    return this.logStore.read(provider, sessionId, after, Math.min(limit, this.limits.adminLogRecordsMax));
  }

  async #provider(name: string): Promise<AdminProvider> {
    const instance = this.#slot(name).instance;
    const base = { name, default: this.config.runtimeProviders[name]?.default === true };
    if (instance === undefined) return { ...base, loaded: false, sessionCount: 0 };
    try {
      const { support, sessions } = await inspect(instance);
      const advertised = profileOf(support);
      const effective = {
        ...advertised,
        hostServiceAccess: hostServiceRoute(support, this.#needs()),
      };
      return {
        ...base,
        loaded: true,
        sessionCount: sessions.length,
        profile: { advertised, effective },
      };
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return { ...base, loaded: true, sessionCount: 0, error: text };
    }
  }

  #needs(): { readonly publicSide?: PublicAddress; readonly traits: HostTraits } {
    const publicSide = this.config.publicSide();
    return { traits: this.config.traits, ...(publicSide === undefined ? {} : { publicSide }) };
  }

  #slot(name: string): ProviderSlot {
    const slot = this.slots.get(name);
    if (slot !== undefined) return slot;
    throw new HostError(
      "unknown-provider",
      `there is no runtime provider ${JSON.stringify(name)}; this host has ${[...this.slots.keys()].join(", ")}`,
    );
  }
}

async function inspect(instance: ProviderInstance): Promise<{
  readonly support: PluginRuntimeSupport;
  readonly sessions: readonly PluginRuntimeSession[];
}> {
  const deadline = performance.now() + instance.times.inspectionMs;
  const remainingMs = (): number => Math.max(1, Math.round(deadline - performance.now()));
  try {
    const support = await instance.runtime.getSupport({}, { timeoutMs: remainingMs() });
    return { support, sessions: await instance.sessions.list(remainingMs) };
  } catch (cause) {
    const { code, message } = RuntimeProviderError.from(cause, "inspection");
    throw new HostError(
      "provider-unavailable",
      `the runtime provider ${JSON.stringify(instance.name)} could not be asked: ${code}: ${message}`,
      { code, cause },
    );
  }
}

function profileOf(support: PluginRuntimeSupport): SupportProfile {
  return {
    canHostPlugins: support.canHostPlugins,
    hostServiceAccess:
      support.hostServiceAccess === PluginRuntimeHostServiceAccess.DIRECT ? "direct" : "none",
    egressMode:
      support.egressMode === PluginRuntimeEgressMode.HOSTNAME
        ? "hostname"
        : support.egressMode === PluginRuntimeEgressMode.CIDR
          ? "cidr"
          : "none",
  };
}
