import { context, propagation } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type HistogramMetricData,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-base";
import { onTestFinished } from "vitest";

/** OpenTelemetry's own SDK, with what it has exported. */
export interface Telemetry {
  readonly tracerProvider: BasicTracerProvider;
  readonly meterProvider: MeterProvider;
  readonly spans: () => ReadableSpan[];
  readonly histogram: () => Promise<HistogramMetricData>;
  /** Everything that was exported, as text. */
  readonly text: () => Promise<string>;
}

/** Registers what a program with OpenTelemetry registers, until the test ends. */
export function startTelemetry(): Telemetry {
  const spans = new InMemorySpanExporter();
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 })],
  });
  const manager = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(manager);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  onTestFinished(async () => {
    context.disable();
    propagation.disable();
    await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()]);
  });
  const exported = async () => {
    await meterProvider.forceFlush();
    return metrics.getMetrics();
  };
  return {
    tracerProvider,
    meterProvider,
    spans: () => spans.getFinishedSpans(),
    histogram: async () => {
      const [metric] = (await exported()).at(-1)?.scopeMetrics[0]?.metrics ?? [];
      return metric as HistogramMetricData;
    },
    text: async () => {
      const seen = spans
        .getFinishedSpans()
        .map(({ name, kind, attributes, events, links, status, resource }) => ({
          name,
          kind,
          attributes,
          events,
          links,
          status,
          resource: resource.attributes,
        }));
      return JSON.stringify([seen, await exported()]);
    },
  };
}
