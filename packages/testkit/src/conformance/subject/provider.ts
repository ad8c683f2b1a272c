import type {
  PluginRuntimeProvider,
  PluginRuntimeSession,
  ProviderLifecycle,
  UnaryClient,
} from "@gestalt-runtime/sdk/protocol";
import type { ProviderInstance } from "../../host/provider-instance.js";
import { guarded } from "./guarded-calls.js";

/** One provider as a check holds it; its sessions are stopped when the check is over. */
export class SubjectProvider {
  /** Raw lifecycle calls, each traced and bounded. */
  readonly lifecycle: UnaryClient<typeof ProviderLifecycle>;
  /** Raw runtime calls, each traced and bounded. */
  readonly runtime: UnaryClient<typeof PluginRuntimeProvider>;
  /** The sessions that StartSession answered through this handle, in order. */
  readonly sessionIds: string[] = [];

  constructor(
    /** The process (or who it is attached to) and the host's things for it. */
    readonly instance: ProviderInstance,
    callMs: number,
    signal: AbortSignal,
  ) {
    this.lifecycle = guarded(instance.lifecycle, callMs, signal);
    this.runtime = guarded(instance.runtime, callMs, signal, (method, answer) => {
      if (method !== "startSession") return;
      const { id } = answer as PluginRuntimeSession;
      if (id === "") return;
      this.sessionIds.push(id);
      // The log host knows a session once StartSession has answered (LOGS-2).
      instance.logs.register(instance.name, id);
    });
  }

  /** The host's log of a session as `stream message`, the oldest line first. */
  log(sessionId: string): string[] {
    const records = this.instance.logs.read(this.instance.name, sessionId, 0, 10_000) ?? [];
    return records.map(({ stream, message }) => `${stream} ${message}`);
  }
}
