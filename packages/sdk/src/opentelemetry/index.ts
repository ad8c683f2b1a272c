/** Spans and durations of the host's calls, for OpenTelemetry. Needs `@opentelemetry/api`, which the SDK does not bring. */
export { openTelemetryMiddleware, traceMetadata, type OpenTelemetryOptions } from "./middleware.js";
