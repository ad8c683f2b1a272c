import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

/** Takes what is secret out of a text. */
export type Redact = (text: string) => string;

/**
 * The error as it may be told and logged: the same one where nothing in it is secret. What caused it may hold the secret in
 * any of its fields: it stays behind.
 */
export function redactError<E>(thrown: E, redact: Redact): E | Error {
  if (!(thrown instanceof Error) || !holdsSecret(thrown, redact)) return thrown;
  const message = redact(thrown.message);
  const clean =
    thrown instanceof RuntimeProviderError
      ? new RuntimeProviderError(thrown.code, message)
      : new Error(message);
  return withStack(clean, thrown, redact);
}

/** The way that the first error has come, without its secrets. */
export function withStack<E extends Error>(clean: E, { stack }: Error, redact: Redact): E {
  if (stack !== undefined) clean.stack = redact(stack);
  return clean;
}

/** Looks through an error and what caused it. */
export function holdsSecret(error: Error, redact: Redact): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth += 1) {
    const text = `${at.message}\n${at.stack ?? ""}\n${fieldsOf(at)}`;
    if (redact(text) !== text) return true;
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
