import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { redactError, type Redact } from "./redact-errors.js";

/** One call of the host, as a middleware sees it: never its request, which holds secrets. */
export interface MiddlewareCall {
  /** The RPC's name, for example `"StartPlugin"`. */
  readonly method: string;
  /** The service's full name, for example `"gestalt.provider.v1.PluginRuntimeProvider"`. */
  readonly service: string;
  /** When the host stops waiting, where it says. */
  readonly deadline: Date | undefined;
  /** Aborts as the call's own signal does. */
  readonly signal: AbortSignal;
  /** The text that the host sent under a metadata key, in any case of letters. */
  metadata(key: string): string | undefined;
}

/**
 * Something done around every call: `next` runs the call and settles with it. What the call answers, or throws,
 * is what the host receives; a middleware that throws refuses the call, or replaces its error.
 */
export type Middleware = (call: MiddlewareCall, next: () => Promise<void>) => Promise<void>;

/** Runs a call inside its middleware, the first one outermost. */
export async function runMiddleware<O>(
  middleware: readonly Middleware[],
  call: MiddlewareCall,
  run: () => O | Promise<O>,
  redact: Redact = (text) => text,
): Promise<O> {
  let outcome: { readonly answer: O } | { readonly error: unknown; readonly shown: unknown } | undefined;
  const step = async (index: number): Promise<void> => {
    const around = middleware[index];
    if (around !== undefined) {
      let called = false;
      await around(call, () => {
        if (called) return Promise.reject(wrong(call, "called next twice; call it once"));
        called = true;
        return step(index + 1);
      });
      return;
    }
    try {
      outcome = { answer: await run() };
    } catch (error) {
      // A middleware sees what the host will see.
      const shown = redactError(RuntimeProviderError.from(error, call.method), redact);
      outcome = { error, shown };
      throw shown;
    }
  };
  try {
    await step(0);
  } catch (thrown) {
    // The original, so that the log tells what was thrown.
    if (outcome !== undefined && "error" in outcome && thrown === outcome.shown) throw outcome.error;
    throw thrown;
  }
  if (outcome === undefined)
    throw wrong(call, "ended before the call did; await next(), or throw to refuse the call");
  if ("error" in outcome) throw outcome.error;
  return outcome.answer;
}

function wrong({ method }: MiddlewareCall, text: string): RuntimeProviderError {
  return new RuntimeProviderError("INTERNAL", `${method}: a middleware ${text}`);
}
