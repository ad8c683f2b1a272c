import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { UnaryCallOptions } from "@gestalt-runtime/sdk/protocol";

type AnyCall = (request?: never, options?: UnaryCallOptions) => Promise<unknown>;

/**
 * The same client, whose calls end after `callMs` unless they have a deadline of their own, and with the check. The
 * limit is not sent: most of the host's calls carry no deadline, and a provider must not come to rely on one.
 */
export function guarded<C extends object>(
  client: C,
  callMs: number,
  signal: AbortSignal,
  onAnswer: (method: string, answer: unknown) => void = () => undefined,
): C {
  const calls: Record<string, AnyCall> = {};
  for (const [name, call] of Object.entries(client) as [string, AnyCall][])
    calls[name] = async (request, options = {}) => {
      const limit = AbortSignal.timeout(callMs);
      const signals = [signal, ...(options.signal === undefined ? [] : [options.signal])];
      if (options.timeoutMs === undefined) signals.push(limit);
      try {
        const answer = await call(request, { ...options, signal: AbortSignal.any(signals) });
        onAnswer(name, answer);
        return answer;
      } catch (error) {
        if (limit.aborted && options.timeoutMs === undefined && options.signal?.aborted !== true)
          throw new RuntimeProviderError("DEADLINE_EXCEEDED", `there was no answer within ${callMs} ms`, {
            cause: error,
          });
        throw error;
      }
    };
  return calls as C;
}
