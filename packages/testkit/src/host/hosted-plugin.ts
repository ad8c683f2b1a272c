import type { JsonObject } from "@bufbuild/protobuf";
import type { ProviderMetadata, UnaryCallOptions } from "@gestalt-runtime/sdk/protocol";
import type { CacheStore } from "./cache-store.js";
import type { HostFailure } from "./host-error.js";
import type { HostTokens } from "../relay/index.js";
import type { OfferedServices } from "./offer-services.js";
import { executeOperation, type PluginClient } from "./plugin-calls.js";
import type { DialledPlugin } from "./plugin-dial.js";
import type { ProviderInstance } from "./provider-instance.js";

export interface HostedPluginParts {
  readonly name: string;
  readonly sessionId: string;
  readonly dialTarget: string;
  readonly metadata: ProviderMetadata | undefined;
  readonly provider: ProviderInstance;
  readonly services: OfferedServices;
  readonly dialled: DialledPlugin;
  readonly client: PluginClient;
  readonly subject: string;
  readonly tokens: HostTokens;
}

/** A plugin that runs in a session and can be called. */
export class HostedPlugin {
  readonly status = "hosted";
  /** Its name in the operator's config. */
  readonly name: string;
  /** The session that it runs in. */
  readonly sessionId: string;
  /** What StartPlugin answered. */
  readonly dialTarget: string;
  /** What GetMetadata answered; absent when the plugin does not implement it. */
  readonly metadata: ProviderMetadata | undefined;
  /** The process that holds its session. */
  readonly provider: ProviderInstance;
  readonly #parts: HostedPluginParts;
  #stopped: Promise<void> | undefined;

  /** @internal */
  constructor(parts: HostedPluginParts) {
    this.name = parts.name;
    this.sessionId = parts.sessionId;
    this.dialTarget = parts.dialTarget;
    this.metadata = parts.metadata;
    this.provider = parts.provider;
    this.#parts = parts;
  }

  /** Its caches by name, to be looked into or filled. */
  get caches(): ReadonlyMap<string, CacheStore> {
    return this.#parts.services.caches;
  }

  /** Calls one operation. The deadline is 60 s unless the options say otherwise. */
  async execute(
    operation: string,
    params: JsonObject = {},
    options: UnaryCallOptions = {},
  ): Promise<{ readonly status: number; readonly body: string }> {
    const { client, subject, tokens, provider } = this.#parts;
    const { status, body } = await executeOperation(client, {
      plugin: this.name,
      operation,
      params,
      subject,
      tokens,
      options: { timeoutMs: provider.times.executeMs, ...options },
    });
    return { status, body };
  }

  /** StopSession (3 s, whatever it answers), then the host's own part: connection, services, their directory. */
  stop(): Promise<void> {
    return (this.#stopped ??= (async () => {
      const { provider, dialled, services } = this.#parts;
      // The outcome is in the trace; the host walks away from a failed or a late StopSession.
      await provider.sessions.stop(this.sessionId).catch(() => undefined);
      dialled.channel.close();
      await services.close();
      provider.trace.note(this.name, 0, { type: "plugin-stopped", plugin: this.name });
    })());
  }
}

/** A plugin that could not be hosted, and why: the host logs it and stays up. */
export interface SkippedPlugin {
  readonly status: "skipped";
  /** Its name in the operator's config. */
  readonly name: string;
  /** What went wrong, for programs. */
  readonly failure: HostFailure;
  /** What went wrong, as the host's log says it. */
  readonly message: string;
  /** What was thrown: mostly a {@link HostError}. */
  readonly error: Error;
}

/** What became of a plugin; `status` tells which. */
export type PluginOutcome = HostedPlugin | SkippedPlugin;
