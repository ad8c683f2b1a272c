import { setTimeout as delay } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type {
  PluginRuntimeSession,
  PreparedAgentWorkspace,
  StartPluginRuntimeSessionRequestSchema,
  UnaryCallOptions,
} from "@gestalt-runtime/sdk/protocol";
import { HostError } from "./host-error.js";
import type { ProviderInstance } from "./provider-instance.js";
import { withWorkspace, type WorkspaceRequest } from "./workspace-calls.js";

/** What the host does around a session's calls: it remembers, registers the log, polls, stops and forgets. */
export class SessionCalls {
  readonly #provider: ProviderInstance;
  /** The sessions that the host believes to be there, for providers without ListSessions (SESS-7). */
  readonly #remembered = new Set<string>();

  constructor(provider: ProviderInstance) {
    this.#provider = provider;
  }

  /** The ids of the sessions that the host believes to be there, in order. */
  get remembered(): readonly string[] {
    return [...this.#remembered].sort();
  }

  /** Makes the host forget a session without stopping it. */
  forget(sessionId: string): void {
    this.#remembered.delete(sessionId);
  }

  /** StartSession, without a deadline; once it has answered, the log host knows the session (LOGS-2). */
  async start(
    request: MessageInitShape<typeof StartPluginRuntimeSessionRequestSchema>,
    options: UnaryCallOptions = {},
  ): Promise<PluginRuntimeSession> {
    const session = await this.#provider.runtime.startSession(request, options);
    if (session.id === "") return session;
    this.#provider.logs.register(this.#provider.name, session.id);
    this.#remembered.add(session.id);
    return session;
  }

  /**
   * GetSession every 25 ms until the session is `ready` or `running`; any word that the host does not know is
   * waited on (SESS-4). There is no limit but the signal, or what the calls carry.
   *
   * @param options what ends the wait, or what each call is to carry
   * @throws {@link HostError} `session-state` when it turns `failed` or `stopped`
   */
  async waitUntilReady(
    sessionId: string,
    options: AbortSignal | (() => UnaryCallOptions) = () => ({}),
  ): Promise<PluginRuntimeSession> {
    const next = typeof options === "function" ? options : () => ({ signal: options });
    for (;;) {
      const call = next();
      const session = await this.#provider.runtime.getSession({ sessionId }, call);
      if (session.state === "ready" || session.state === "running") return session;
      if (session.state === "failed" || session.state === "stopped")
        throw new HostError(
          "session-state",
          `the session ${JSON.stringify(sessionId)} turned "${session.state}" before it was ready`,
        );
      await delay(this.#provider.times.pollMs, undefined, { signal: call.signal });
    }
  }

  /** StopSession with the host's 3 s; a successful one makes the documented host forget the session's log (LOGS-6). */
  async stop(sessionId: string, options: UnaryCallOptions = {}): Promise<void> {
    const { times, runtime, logs, name, traits } = this.#provider;
    await runtime.stopSession({ sessionId }, { timeoutMs: times.stopSessionMs, ...options });
    if (!traits.logsOutliveSessions) logs.forget(name, sessionId);
    this.#remembered.delete(sessionId);
  }

  /**
   * Work in a workspace as hosts from 2026-05-05 do it: PrepareWorkspace where support says so, with the host's 10 min,
   * and RemoveWorkspace whatever it says (WORK-1 to WORK-3). The work is told the workspace, or that there is none.
   *
   * @throws {@link HostError} `prepare-workspace` where it fails, or answers what is no workspace
   */
  withWorkspace<T>(
    request: WorkspaceRequest,
    work: (workspace: PreparedAgentWorkspace | undefined) => Promise<T>,
  ): Promise<T> {
    return withWorkspace(this.#provider, request, work);
  }

  /**
   * The provider's sessions as an admin sees them: ListSessions, or GetSession for each that the host remembers
   * where that is UNIMPLEMENTED; one that is NOT_FOUND is forgotten (SESS-7).
   *
   * @param remainingMs what is left of the inspection's deadline
   */
  async list(remainingMs: () => number): Promise<readonly PluginRuntimeSession[]> {
    const { runtime } = this.#provider;
    try {
      return (await runtime.listSessions({}, { timeoutMs: remainingMs() })).sessions;
    } catch (error) {
      if (RuntimeProviderError.from(error, "ListSessions").code !== "UNIMPLEMENTED") throw error;
    }
    const sessions: PluginRuntimeSession[] = [];
    for (const sessionId of this.remembered) {
      try {
        sessions.push(await runtime.getSession({ sessionId }, { timeoutMs: remainingMs() }));
      } catch (error) {
        if (RuntimeProviderError.from(error, "GetSession").code !== "NOT_FOUND") throw error;
        this.forget(sessionId);
      }
    }
    return sessions;
  }
}
