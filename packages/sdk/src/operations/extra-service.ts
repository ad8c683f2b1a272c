import type { DescService } from "@bufbuild/protobuf";
import type { Server } from "@grpc/grpc-js";

/** What a service beside the provider's own may know. */
export interface ServedProvider {
  /** All that is served on the socket: the provider's two services, and those of every {@link ExtraService}. */
  readonly services: readonly DescService[];
  /** What HealthCheck would say: false before the provider is configured. Never rejects. */
  isHealthy(): Promise<boolean>;
}

/** gRPC services that are served beside the provider's own. */
export interface ExtraService {
  /** What it serves; reflection tells of it. */
  readonly services: readonly DescService[];
  /**
   * Adds the services to the server, before that listens.
   *
   * @returns called when the provider begins to end: streams that stay open would hold that up
   */
  start(server: Server, provider: ServedProvider): (() => void) | undefined;
}
