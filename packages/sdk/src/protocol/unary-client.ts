import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import {
  Client,
  Metadata,
  type ChannelCredentials,
  type ChannelOptions,
  type ServiceError,
} from "@grpc/grpc-js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { errorCodeOf } from "../errors/status.js";
import { grpcServiceDefinition } from "./service-definition.js";

/** What may be said about one call. */
export interface UnaryCallOptions {
  /** Milliseconds until the call ends with DEADLINE_EXCEEDED. Default: none, the call carries no deadline. */
  readonly timeoutMs?: number;
  /** Aborting it ends the call with CANCELLED. */
  readonly signal?: AbortSignal;
  /** Sent as metadata (headers), keys in lower case. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Wait for the connection instead of failing at once while there is none. Default false. */
  readonly waitForReady?: boolean;
}

/** One async function per unary method of a service. It rejects with a {@link RuntimeProviderError}. */
export type UnaryClient<S extends GenService<GenServiceMethods>> = {
  readonly [M in keyof S["method"]]: S["method"][M] extends DescMethodUnary<infer I, infer O>
    ? (request?: MessageInitShape<I>, options?: UnaryCallOptions) => Promise<MessageShape<O>>
    : never;
};

/** Calls to one address; several services may share it. Close it when done. */
export interface ProtocolChannel {
  /** A typed client of one service on this channel. */
  client<S extends GenService<GenServiceMethods>>(service: S): UnaryClient<S>;
  /** Resolves when the connection is up; rejects with DEADLINE_EXCEEDED past `timeoutMs`. */
  waitForReady(timeoutMs: number): Promise<void>;
  /** Lets go of the connection; no call may follow. */
  close(): void;
}

/**
 * Opens a channel to a grpc-js target such as `unix:/run/plugin.sock` or `127.0.0.1:4000`.
 *
 * Unix sockets get `:authority: localhost`, as gestaltd sends it. No proxy of the environment is used.
 */
export function openChannel(
  target: string,
  credentials: ChannelCredentials,
  options: ChannelOptions = {},
): ProtocolChannel {
  const authority = target.startsWith("unix:") ? { "grpc.default_authority": "localhost" } : {};
  const client = new Client(target, credentials, {
    ...authority,
    "grpc.enable_http_proxy": 0,
    "grpc.enable_channelz": 0,
    "grpc.service_config_disable_resolution": 1,
    // Without this, channels of one process to one address share a connection, even after one was closed.
    "grpc.use_local_subchannel_pool": 1,
    ...options,
  });
  return {
    client: (service) => unaryClient(client, service),
    waitForReady: (timeoutMs) =>
      new Promise((resolve, reject) => {
        client.waitForReady(Date.now() + timeoutMs, (error) => {
          if (error === undefined) resolve();
          else
            reject(
              new RuntimeProviderError(
                "DEADLINE_EXCEEDED",
                `${target} did not get ready within ${timeoutMs} ms`,
                {
                  cause: error,
                },
              ),
            );
        });
      }),
    close: () => client.close(),
  };
}

function unaryClient<S extends GenService<GenServiceMethods>>(client: Client, service: S): UnaryClient<S> {
  const definition = grpcServiceDefinition(service);
  const methods: Record<string, unknown> = {};
  for (const method of service.methods) {
    const wire = definition[method.localName];
    if (wire === undefined) continue;
    methods[method.localName] = (
      request: MessageInitShape<DescMessage> = {},
      options: UnaryCallOptions = {},
    ) =>
      new Promise((resolve, reject) => {
        const { signal, timeoutMs, waitForReady } = options;
        if (signal?.aborted === true) {
          reject(new RuntimeProviderError("CANCELLED", `${method.name}: cancelled before it was sent`));
          return;
        }
        const metadata = new Metadata({ waitForReady: waitForReady ?? false });
        for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
        const call = client.makeUnaryRequest(
          wire.path,
          wire.requestSerialize,
          wire.responseDeserialize,
          create(method.input, request),
          metadata,
          timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs },
          (error: ServiceError | null, response: unknown) => {
            signal?.removeEventListener("abort", cancel);
            if (error === null) resolve(response);
            else reject(new RuntimeProviderError(errorCodeOf(error.code), error.details, { cause: error }));
          },
        );
        const cancel = (): void => call.cancel();
        signal?.addEventListener("abort", cancel, { once: true });
      });
  }
  return methods as UnaryClient<S>;
}
