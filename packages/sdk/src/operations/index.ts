/** gRPC's own services for operators, to be served beside the provider's: off unless given to `servePluginRuntimeProvider`. */
export { healthService, type HealthServiceOptions } from "./health-service.js";
export { reflectionService } from "./reflection-service.js";
export type { ExtraService, ServedProvider } from "./extra-service.js";
