import { holdsSecret, redactError, withStack } from "../operations/redact-errors.js";
import { BackendError } from "./backend-error.js";
import { Redaction } from "./redaction.js";

/** The secrets of the provider and of all its sessions, so that whatever repeats one leaves without it. */
export class SessionSecrets {
  /** Those that belong to no session: the operator's configuration, and the provider's own environment. */
  readonly shared = new Redaction();
  readonly #bySession = new Map<string, Redaction>();

  of(sessionId: string): Redaction {
    let redaction = this.#bySession.get(sessionId);
    if (redaction === undefined) this.#bySession.set(sessionId, (redaction = new Redaction(this.shared)));
    return redaction;
  }

  forget(sessionId: string): void {
    this.#bySession.delete(sessionId);
  }

  /** Takes the secrets of all sessions out of a text that may be of any of them. */
  redact(text: string): string {
    let left = this.shared.redact(text);
    for (const redaction of this.#bySession.values()) left = redaction.redactOwn(left);
    return left;
  }

  /** The error as it may be told and logged: the same one where nothing in it is secret. */
  error(sessionId: string | undefined, thrown: unknown): unknown {
    const redaction = this.#bySession.get(sessionId ?? "") ?? this.shared;
    const redact = (text: string): string => redaction.redact(text);
    if (!(thrown instanceof BackendError)) return redactError(thrown, redact);
    if (!holdsSecret(thrown, redact)) return thrown;
    const { code, message, options } = thrown;
    return withStack(
      new BackendError(code, redact(message), { ...options, cause: undefined }),
      thrown,
      redact,
    );
  }
}
