import {
  context,
  metrics,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  ValueType,
  type Attributes,
  type Histogram,
  type MeterProvider,
  type Span,
  type TextMapGetter,
  type TracerProvider,
} from "@opentelemetry/api";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { ErrorCode } from "../errors/status.js";
import type { Middleware, MiddlewareCall } from "../operations/middleware.js";
import * as names from "./conventions.js";

const scope = "@gestalt-runtime/sdk";

/** What is measured, and who gets it. */
export interface OpenTelemetryOptions {
  /** Makes the spans. Default: the one that is registered globally; without any nothing is recorded. */
  readonly tracerProvider?: TracerProvider;
  /** Makes the histogram. Default: the one that is registered globally. */
  readonly meterProvider?: MeterProvider;
  /**
   * RPCs that get no span and are only measured. GetSession is a candidate: the host makes one for every relayed
   * host-service call (SESS-5). Default: none.
   */
  readonly withoutSpans?: readonly string[];
}

const metadataOf: TextMapGetter<MiddlewareCall> = {
  get: (call, key) => call.metadata(key),
  // Propagators ask for the keys that they know.
  keys: () => [],
};

/**
 * A middleware that makes a span of kind SERVER and a measurement in the histogram `rpc.server.call.duration` (seconds) of every
 * call, with the names of the semantic conventions 1.45.0. A span continues the trace that the call's metadata names, for
 * example in `traceparent`, where a propagator is registered; while the call runs it is the active one, where a context
 * manager is registered.
 *
 * Attributes are the method and the status, and nothing else: no text of an error, no metadata, no session.
 */
export function openTelemetryMiddleware(options: OpenTelemetryOptions = {}): Middleware {
  const { withoutSpans = [] } = options;
  const tracer = (options.tracerProvider ?? trace).getTracer(scope);
  let histogram: Histogram | undefined;
  return async (call, next) => {
    // Made by the first call: what is registered globally may come after this middleware.
    const durations = (histogram ??= durationHistogram(options.meterProvider ?? metrics));
    const method = `${call.service}/${call.method}`;
    const attributes: Attributes = { [names.rpcSystemName]: "grpc", [names.rpcMethod]: method };
    const parent = propagation.extract(ROOT_CONTEXT, call, metadataOf);
    const span = withoutSpans.includes(call.method)
      ? undefined
      : tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
    const within = span === undefined ? parent : trace.setSpan(parent, span);
    const startedAtMs = performance.now();
    let code: ErrorCode | "OK" = "OK";
    try {
      await context.with(within, next);
    } catch (thrown) {
      ({ code } = RuntimeProviderError.from(thrown, call.method));
      throw thrown;
    } finally {
      const outcome = outcomeOf(code);
      durations.record((performance.now() - startedAtMs) / 1000, { ...attributes, ...outcome }, within);
      end(span, outcome);
    }
  };
}

/**
 * The metadata that carries the active span on, for a call of your own to a host service: `client.get(request, { metadata:
 * traceMetadata() })`. Empty where no propagator is registered, or no span is active.
 */
export function traceMetadata(): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

function durationHistogram(meters: Pick<MeterProvider, "getMeter">): Histogram {
  return meters.getMeter(scope).createHistogram(names.callDuration, {
    unit: "s",
    description: "Duration of incoming calls",
    valueType: ValueType.DOUBLE,
    advice: { explicitBucketBoundaries: names.durationBoundaries },
  });
}

function outcomeOf(code: ErrorCode | "OK"): Attributes {
  const isFault = code !== "OK" && names.serverFaults.has(code);
  return { [names.rpcStatusCode]: code, ...(isFault && { [names.errorType]: code }) };
}

function end(span: Span | undefined, outcome: Attributes): void {
  if (span === undefined) return;
  span.setAttributes(outcome);
  // Without the error's text: at level 1 it is the author's, and may hold anything.
  if (names.errorType in outcome) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
