import type { handleUnaryCall, sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import { statusDetails } from "../errors/details.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { Logger } from "../provider/logger.js";
import { runMiddleware, type Middleware } from "../operations/middleware.js";
import type { Redact } from "../operations/redact-errors.js";
import type { CallRegister } from "./call-register.js";
import { ActiveCall } from "./call.js";
import { endTracked, runTracked } from "./current-method.js";

/** What every method of the shell shares. */
export interface MethodOptions {
  readonly calls: CallRegister;
  readonly logger: Logger;
  /** Run around every call; left out where there is none. */
  readonly middleware?: readonly Middleware[];
  /** Takes what is secret out of an error's text. */
  readonly redact?: Redact;
}

/**
 * Called for every relayed host-service RPC (SESS-5): faults of it are not told apart, so that it costs as
 * little as it can.
 */
const hotMethod = "GetSession";

/** A method of the shell: takes the wire's request, gives the wire's answer, or throws. */
export type Method<I, O> = (request: I, context: ActiveCall) => O | Promise<O>;

/**
 * Makes a grpc-js handler of a method: a context for the call, exactly one answer, and every error mapped in
 * one place. An answer that is there at once leaves at once.
 */
export function unaryHandler<I, O>(
  name: string,
  inner: Method<I, O>,
  options: MethodOptions,
): handleUnaryCall<I, O> {
  // Decided once: a provider without middleware pays nothing for it (SESS-5).
  const { middleware = [] } = options;
  const method: Method<I, O> =
    middleware.length === 0
      ? inner
      : (request, call) => runMiddleware(middleware, call, () => inner(request, call), options.redact);
  return (wire: ServerUnaryCall<I, O>, send: sendUnaryData<O>) => {
    const call = new ActiveCall(name, options.logger, wire);
    options.calls.begin(call);
    try {
      const answer =
        name === hotMethod ? method(wire.request, call) : runTracked(name, method, wire.request, call);
      if (answer instanceof Promise) void settle(answer, call, send, options);
      else succeed(answer, call, send, options);
    } catch (thrown) {
      fail(thrown, call, send, options);
    }
  };
}

// Functions of the module and no closures: they are on the hot path (SESS-5).

async function settle<O>(
  answer: Promise<O>,
  call: ActiveCall,
  send: sendUnaryData<O>,
  options: MethodOptions,
): Promise<void> {
  let value: O;
  try {
    value = await answer;
  } catch (thrown) {
    fail(thrown, call, send, options);
    return;
  }
  succeed(value, call, send, options);
}

function succeed<O>(answer: O, call: ActiveCall, send: sendUnaryData<O>, { calls }: MethodOptions): void {
  end(call, calls);
  send(null, answer);
}

function fail<O>(
  thrown: unknown,
  call: ActiveCall,
  send: sendUnaryData<O>,
  { calls, logger, redact = (text) => text }: MethodOptions,
): void {
  end(call, calls);
  const error = RuntimeProviderError.from(thrown, call.method);
  send({ code: error.status, details: statusDetails(redact(error.message)) });
  if (thrown === error && error.code !== "INTERNAL") return;
  logger.error(
    { error: thrown === error ? (error.cause ?? error) : thrown },
    `${call.method} failed: ${error.message}`,
  );
}

function end(call: ActiveCall, calls: CallRegister): void {
  calls.end(call);
  if (call.method !== hotMethod) endTracked();
}
