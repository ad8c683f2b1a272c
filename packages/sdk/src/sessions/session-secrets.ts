import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { BackendError } from "./backend-error.js";
import { Redaction } from "./redaction.js";

/** The secrets of all sessions, so that an error of a backend that repeats one leaves without it. */
export class SessionSecrets {
  readonly #bySession = new Map<string, Redaction>();

  of(sessionId: string): Redaction {
    let redaction = this.#bySession.get(sessionId);
    if (redaction === undefined) this.#bySession.set(sessionId, (redaction = new Redaction()));
    return redaction;
  }

  forget(sessionId: string): void {
    this.#bySession.delete(sessionId);
  }

  /** The error as it may be told and logged: the same one where nothing in it is secret. */
  error(sessionId: string | undefined, thrown: unknown): unknown {
    const redaction = sessionId === undefined ? undefined : this.#bySession.get(sessionId);
    if (redaction === undefined || !(thrown instanceof Error)) return thrown;
    const message = redaction.redact(thrown.message);
    if (!holdsSecret(thrown, redaction)) return thrown;
    // What caused it may hold the secret in any of its fields: it stays behind.
    const clean =
      thrown instanceof BackendError
        ? new BackendError(thrown.code, message, { ...thrown.options, cause: undefined })
        : thrown instanceof RuntimeProviderError
          ? new RuntimeProviderError(thrown.code, message)
          : new Error(message);
    if (thrown.stack !== undefined) clean.stack = redaction.redact(thrown.stack);
    return clean;
  }
}

/** Looks through an error and what caused it. */
function holdsSecret(error: Error, redaction: Redaction): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth += 1) {
    const text = `${at.message}\n${at.stack ?? ""}\n${fieldsOf(at)}`;
    if (redaction.redact(text) !== text) return true;
  }
  return false;
}

function fieldsOf(error: Error): string {
  try {
    return JSON.stringify(error);
  } catch {
    return "";
  }
}
