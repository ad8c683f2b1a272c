import type { handleUnaryCall, sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { Logger } from "../provider/logger.js";
import { ActiveCall, currentCall, type CallRegister } from "./call.js";

/** What every method of the shell shares. */
export interface MethodOptions {
  readonly calls: CallRegister;
  readonly logger: Logger;
}

/** A method of the shell: takes the wire's request, gives the wire's answer, or throws. */
export type Method<I, O> = (request: I, context: ActiveCall) => O | Promise<O>;

/**
 * Makes a grpc-js handler of a method: a context for the call, exactly one answer, and every error mapped in
 * one place. An answer that is there at once leaves at once.
 */
export function unaryHandler<I, O>(
  name: string,
  method: Method<I, O>,
  options: MethodOptions,
): handleUnaryCall<I, O> {
  const { calls, logger } = options;
  return (wire: ServerUnaryCall<I, O>, send: sendUnaryData<O>) => {
    const call = new ActiveCall(name, logger, wire);
    calls.begin(call);
    const succeed = (answer: O): void => {
      calls.end(call);
      send(null, answer);
    };
    const fail = (thrown: unknown): void => {
      calls.end(call);
      const error = RuntimeProviderError.from(thrown, name);
      if (!(thrown instanceof RuntimeProviderError) || error.code === "INTERNAL")
        logger.error(
          { error: thrown instanceof RuntimeProviderError ? (thrown.cause ?? thrown) : thrown },
          `${name} failed: ${error.message}`,
        );
      send({ code: error.status, details: error.message });
    };
    try {
      const answer = currentCall.run(call, method, wire.request, call);
      if (answer instanceof Promise) answer.then(succeed, fail);
      else succeed(answer);
    } catch (thrown) {
      fail(thrown);
    }
  };
}
