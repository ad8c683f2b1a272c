import type { PluginRuntimeSession } from "@gestalt-runtime/sdk/protocol";

/** One plugin's session whose host services are relayed. */
export interface RelayedSession {
  /** Of the plugin; what the session's `provider_name` must be (SESS-2). */
  readonly plugin: string;
  /** Of the session in which it runs. */
  readonly sessionId: string;
  /** The Unix sockets of its host services, by variable. */
  readonly services: ReadonlyMap<string, string>;
  /** GetSession, as the host asks for every relayed call (SESS-5); aborted with the call. */
  readonly getSession: (signal: AbortSignal) => Promise<PluginRuntimeSession>;
}

/** The sessions that calls are relayed for, by plugin and id: two providers may give out one id. */
export class RelayedSessions {
  readonly #sessions = new Map<string, RelayedSession>();

  /** @returns what takes it back: its services are then not there any more */
  add(session: RelayedSession): () => void {
    const key = keyOf(session.plugin, session.sessionId);
    this.#sessions.set(key, session);
    return () => {
      if (this.#sessions.get(key) === session) this.#sessions.delete(key);
    };
  }

  find(plugin: string, sessionId: string): RelayedSession | undefined {
    return this.#sessions.get(keyOf(plugin, sessionId));
  }
}

function keyOf(plugin: string, sessionId: string): string {
  return `${plugin}\0${sessionId}`;
}
