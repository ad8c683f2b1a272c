import { status } from "@grpc/grpc-js";

/** What a call is refused with. */
export class Refusal extends Error {
  /** @param {number} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** @param {string} message */
export const invalid = (message) => new Refusal(status.INVALID_ARGUMENT, message);

/** @param {string} message */
export const precondition = (message) => new Refusal(status.FAILED_PRECONDITION, message);

/**
 * Makes grpc-js handlers of functions that take the request and a signal of its cancellation. Refusals become their
 * status, anything else that is thrown INTERNAL.
 *
 * @param {Record<string, (request: any, signal: AbortSignal) => unknown>} methods
 * @param {(error: unknown) => void} report
 */
export function handlers(methods, report) {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [
      name,
      (call, answer) => {
        const cancelled = new AbortController();
        call.on("cancelled", () => cancelled.abort());
        Promise.resolve()
          .then(() => method(call.request, cancelled.signal))
          .then(
            (message) => answer(null, message),
            (error) => {
              if (!(error instanceof Refusal)) report(error);
              const code = error instanceof Refusal ? error.code : status.INTERNAL;
              answer({
                code,
                details: error instanceof Refusal ? error.message : `${name} failed: ${error}`,
              });
            },
          );
      },
    ]),
  );
}
