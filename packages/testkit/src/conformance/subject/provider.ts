import {
  PluginRuntimeProvider,
  ProviderLifecycle,
  openChannel,
  type PluginRuntimeSession,
  type ProtocolChannel,
  type UnaryClient,
} from "@gestalt-runtime/sdk/protocol";
import { credentials } from "@grpc/grpc-js";
import type { ProviderInstance } from "../../host/provider-instance.js";
import type { HostTrace } from "../../host/trace.js";
import { tracedClient } from "../../host/traced-client.js";
import { guarded } from "./guarded-calls.js";

/** One provider as a check holds it; its sessions are stopped when the check is over. */
export class SubjectProvider {
  /** Raw lifecycle calls, each traced and bounded. */
  readonly lifecycle: UnaryClient<typeof ProviderLifecycle>;
  /** Raw runtime calls, each traced and bounded. */
  readonly runtime: UnaryClient<typeof PluginRuntimeProvider>;
  /** The sessions that StartSession answered through this handle, in order. */
  readonly sessionIds: string[] = [];
  readonly #instance: ProviderInstance | undefined;

  private constructor(
    readonly trace: HostTrace,
    clients: {
      lifecycle: UnaryClient<typeof ProviderLifecycle>;
      runtime: UnaryClient<typeof PluginRuntimeProvider>;
    },
    { instance, callMs, signal }: { instance?: ProviderInstance; callMs: number; signal: AbortSignal },
  ) {
    this.#instance = instance;
    this.lifecycle = guarded(clients.lifecycle, callMs, signal);
    this.runtime = guarded(clients.runtime, callMs, signal, (method, answer) => {
      if (method !== "startSession") return;
      const { id } = answer as PluginRuntimeSession;
      if (id === "") return;
      this.sessionIds.push(id);
      // The log host knows a session once StartSession has answered (LOGS-2).
      instance?.logs.register(instance.name, id);
    });
  }

  static ofInstance(instance: ProviderInstance, callMs: number, signal: AbortSignal): SubjectProvider {
    return new SubjectProvider(instance.trace, instance, { instance, callMs, signal });
  }

  /** One that already runs; the channel is the caller's to close. */
  static ofChannel(
    channel: ProtocolChannel,
    { name, trace, callMs, signal }: { name: string; trace: HostTrace; callMs: number; signal: AbortSignal },
  ): SubjectProvider {
    const peer = { to: "provider", name, instance: 1, authority: "localhost" } as const;
    const clients = {
      lifecycle: tracedClient(channel, ProviderLifecycle, peer, trace),
      runtime: tracedClient(channel, PluginRuntimeProvider, peer, trace),
    };
    return new SubjectProvider(trace, clients, { callMs, signal });
  }

  /** The process and the host's things for it. Only for checks with the condition `spawned`. */
  get instance(): ProviderInstance {
    if (this.#instance !== undefined) return this.#instance;
    throw new Error(
      'a check looked at the process of an attached provider; it needs the condition "spawned"',
    );
  }

  /** Whether there is a process that the suite has started. */
  get isSpawned(): boolean {
    return this.#instance !== undefined;
  }

  /** The host's log of a session as `stream message`, the oldest line first; empty without a log host. */
  log(sessionId: string): string[] {
    if (this.#instance === undefined) return [];
    return (this.#instance.logs.read(this.#instance.name, sessionId, 0, 10_000) ?? []).map(
      ({ stream, message }) => `${stream} ${message}`,
    );
  }
}

export function attachedChannel(socketPath: string): ProtocolChannel {
  return openChannel(`unix:${socketPath}`, credentials.createInsecure());
}
