import type { Server, UntypedServiceImplementation } from "@grpc/grpc-js";
import { ProviderLifecycle } from "../gen/gestalt/provider/v1/lifecycle_pb.js";
import { PluginRuntimeProvider as PluginRuntimeProviderService } from "../gen/gestalt/provider/v1/runtime_pb.js";
import type { PluginRuntimeProvider } from "../provider/provider.js";
import { grpcServiceDefinition } from "../protocol/service-definition.js";
import { unaryHandler, type Method, type MethodOptions } from "./method.js";
import { PluginRuntimeService } from "./plugin-runtime.js";
import { ProviderLifecycleService } from "./provider-lifecycle.js";

/** The services that every runtime provider serves. */
export const providerServices = [ProviderLifecycle, PluginRuntimeProviderService] as const;

/** Adds both services of a runtime provider to a server. */
export function addProviderServices(
  server: Server,
  provider: PluginRuntimeProvider,
  options: MethodOptions,
): ProviderLifecycleService {
  const lifecycle = new ProviderLifecycleService(provider, options.logger);
  const runtime = new PluginRuntimeService(provider);

  const lifecycleHandlers: UntypedServiceImplementation = {
    getProviderIdentity: unaryHandler("GetProviderIdentity", () => lifecycle.getProviderIdentity(), options),
    configureProvider: unaryHandler(
      "ConfigureProvider",
      lifecycle.configureProvider.bind(lifecycle) as Method<unknown, unknown>,
      options,
    ),
    healthCheck: unaryHandler("HealthCheck", (_, context) => lifecycle.healthCheck(context), options),
    startProvider: unaryHandler("StartProvider", () => lifecycle.startProvider(), options),
  };

  const runtimeHandlers: UntypedServiceImplementation = {};
  for (const { localName, name } of PluginRuntimeProviderService.methods) {
    const method = runtime[localName as keyof PluginRuntimeService].bind(runtime) as Method<unknown, unknown>;
    runtimeHandlers[localName] = unaryHandler(
      name,
      (request, context) => {
        lifecycle.assertConfigured(name);
        return method(request, context);
      },
      options,
    );
  }

  server.addService(grpcServiceDefinition(ProviderLifecycle), lifecycleHandlers);
  server.addService(grpcServiceDefinition(PluginRuntimeProviderService), runtimeHandlers);
  return lifecycle;
}
