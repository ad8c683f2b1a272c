import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  status,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerWritableStream,
} from "@grpc/grpc-js";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthListResponse,
} from "../gen/grpc/health/v1/health_pb.js";
import { PluginRuntimeProvider } from "../gen/gestalt/provider/v1/runtime_pb.js";
import { grpcServiceDefinition } from "../protocol/service-definition.js";
import type { ExtraService, ServedProvider } from "./extra-service.js";

/** How closely the provider's health is followed. */
export interface HealthServiceOptions {
  /** Milliseconds between two looks at the provider's health while somebody watches. Default 5,000. */
  readonly watchEveryMs?: number;
  /** Milliseconds after which a provider that does not tell its health counts as not serving. Default 5,000. */
  readonly timeoutMs?: number;
}

/**
 * gRPC's health service (`grpc.health.v1.Health`), for orchestrators and tools; gestaltd does not ask it. The whole server
 * (the empty name) and `gestalt.provider.v1.PluginRuntimeProvider` are SERVING while HealthCheck says ready (LIFE-4), so not
 * before the provider is configured, nor once it begins to end. The other services are SERVING while they are there.
 */
export function healthService(options: HealthServiceOptions = {}): ExtraService {
  return {
    services: [Health],
    start(server, provider) {
      const following = new Following(provider, options);
      server.addService(grpcServiceDefinition(Health), {
        check: following.check,
        list: following.list,
        watch: following.watch,
      });
      return () => following.close();
    },
  };
}

type Watcher = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

class Following {
  readonly #names: readonly string[];
  /** What each watcher was told last. */
  readonly #watchers = new Map<Watcher, ServingStatus>();
  #timer: NodeJS.Timeout | undefined;
  #isEnding = false;

  constructor(
    private readonly provider: ServedProvider,
    private readonly options: HealthServiceOptions,
  ) {
    this.#names = ["", ...provider.services.map(({ typeName }) => typeName)];
  }

  readonly check: handleUnaryCall<HealthCheckRequest, HealthCheckResponse> = ({ request }, answer) => {
    const { service } = request;
    if (!this.#names.includes(service)) {
      const details = `there is no service ${JSON.stringify(service)}; List names those that are there`;
      answer({ code: status.NOT_FOUND, details });
      return;
    }
    void this.#statusOf(service).then((found) => answer(null, response(found)));
  };

  readonly list: handleUnaryCall<unknown, HealthListResponse> = (_, answer) => {
    void Promise.all(
      this.#names.map(async (name) => [name, { status: await this.#statusOf(name) }] as const),
    ).then((found) => {
      const statuses: MessageInitShape<typeof HealthListResponseSchema>["statuses"] =
        Object.fromEntries(found);
      answer(null, create(HealthListResponseSchema, { statuses }));
    });
  };

  readonly watch: handleServerStreamingCall<HealthCheckRequest, HealthCheckResponse> = (call) => {
    this.#watchers.set(call, ServingStatus.UNKNOWN);
    for (const event of ["cancelled", "close", "error"]) call.on(event, () => this.#watchers.delete(call));
    void this.#tell(call);
    this.#timer ??= setTimeout(() => void this.#look(), this.options.watchEveryMs ?? 5_000).unref();
  };

  close(): void {
    this.#isEnding = true;
    clearTimeout(this.#timer);
    for (const call of this.#watchers.keys()) {
      if (this.#names.includes(call.request.service)) call.write(response(ServingStatus.NOT_SERVING));
      call.end();
    }
    this.#watchers.clear();
  }

  async #look(): Promise<void> {
    await Promise.all([...this.#watchers.keys()].map((call) => this.#tell(call)));
    this.#timer = undefined;
    if (this.#watchers.size === 0 || this.#isEnding) return;
    this.#timer = setTimeout(() => void this.#look(), this.options.watchEveryMs ?? 5_000).unref();
  }

  async #tell(call: Watcher): Promise<void> {
    const { service } = call.request;
    const found = this.#names.includes(service)
      ? await this.#statusOf(service)
      : ServingStatus.SERVICE_UNKNOWN;
    // It may have gone, or been told meanwhile.
    if (this.#watchers.get(call) === found || !this.#watchers.has(call)) return;
    this.#watchers.set(call, found);
    call.write(response(found));
  }

  async #statusOf(service: string): Promise<ServingStatus> {
    if (this.#isEnding) return ServingStatus.NOT_SERVING;
    if (service !== "" && service !== PluginRuntimeProvider.typeName) return ServingStatus.SERVING;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), this.options.timeoutMs ?? 5_000);
    });
    const isHealthy = await Promise.race([this.provider.isHealthy(), late]);
    clearTimeout(timer);
    return isHealthy ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }
}

function response(found: ServingStatus): HealthCheckResponse {
  return create(HealthCheckResponseSchema, { status: found });
}
