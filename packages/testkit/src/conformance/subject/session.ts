import type {
  HostedPlugin,
  PluginRuntimeHostServiceBinding,
  PluginRuntimeSession,
} from "@gestalt-runtime/sdk/protocol";
import type { SubjectProvider } from "./provider.js";
import type { BindRequest, PluginRequest } from "./requests.js";

/** A session that got ready, for checks that are about what follows. */
export class SubjectSession {
  constructor(
    readonly provider: SubjectProvider,
    /** StartSession's answer. */
    readonly started: PluginRuntimeSession,
    /** What StartSession was asked with. */
    readonly metadata: Readonly<Record<string, string>>,
  ) {}

  get id(): string {
    return this.started.id;
  }

  /** GetSession. */
  get(): Promise<PluginRuntimeSession> {
    return this.provider.runtime.getSession({ sessionId: this.id });
  }

  /** StopSession, with the host's own 3 s (SESS-8). */
  async stop(): Promise<void> {
    await this.provider.runtime.stopSession({ sessionId: this.id }, { timeoutMs: 3_000 });
  }

  /** BindHostService. */
  bind(envVar: string, dialTarget: string, more: BindRequest = {}): Promise<PluginRuntimeHostServiceBinding> {
    return this.provider.runtime.bindHostService({
      sessionId: this.id,
      envVar,
      relay: { dialTarget },
      ...more,
    });
  }

  /** StartPlugin, raw. */
  startPlugin(
    request: PluginRequest,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ): Promise<HostedPlugin> {
    return this.provider.runtime.startPlugin(
      { sessionId: this.id, pluginName: "fixture", ...request },
      options,
    );
  }
}
