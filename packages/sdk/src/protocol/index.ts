/**
 * The protocol itself: the generated messages and services of `gestalt.provider.v1`, and the adapter between
 * them and grpc-js. For tests, tools and hosts; a provider does not need it.
 */
export * from "../gen/gestalt/provider/v1/lifecycle_pb.js";
export * from "../gen/gestalt/provider/v1/runtime_pb.js";
export * from "../gen/gestalt/provider/v1/runtime_logs_pb.js";
export * from "../gen/gestalt/provider/v1/integration_pb.js";
export * from "../gen/gestalt/provider/v1/cache_pb.js";
export { grpcServiceDefinition } from "./service-definition.js";
export {
  openChannel,
  type ProtocolChannel,
  type UnaryCallOptions,
  type UnaryClient,
} from "./unary-client.js";
export { addUnaryService, type UnaryHandlers } from "./unary-service.js";
export { protocolVersion } from "./version.js";
