import { randomUUID } from "node:crypto";
import { rename } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  grpcServiceDefinition,
  PluginRuntimeProvider,
  PluginRuntimeSessionSchema,
  ProviderIdentitySchema,
  ProviderKind,
  ProviderLifecycle,
  ConfigureProviderResponseSchema,
  type GetPluginRuntimeSessionRequest,
  type PluginRuntimeSession,
  type StartPluginRuntimeSessionRequest,
} from "@gestalt-runtime/sdk/protocol";
import {
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";

/*
 * The floor: what the same calls cost on a bare grpc-js server with the same generated code and settings. It
 * checks nothing, watches nothing and ends on SIGTERM as Node.js does.
 */

const sessions = new Map<string, { metadata: Record<string, string>; startedAt: Date }>();

type Call<I> = ServerUnaryCall<I, unknown>;
type Send = sendUnaryData<unknown>;

const lifecycle: UntypedServiceImplementation = {
  getProviderIdentity: (_: Call<unknown>, send: Send) =>
    send(
      null,
      create(ProviderIdentitySchema, {
        kind: ProviderKind.RUNTIME,
        name: "bare",
        minProtocolVersion: 3,
        maxProtocolVersion: 3,
      }),
    ),
  configureProvider: (_: Call<unknown>, send: Send) =>
    send(null, create(ConfigureProviderResponseSchema, { protocolVersion: 3 })),
};

const runtime: UntypedServiceImplementation = {
  startSession: ({ request }: Call<StartPluginRuntimeSessionRequest>, send: Send) => {
    // As long as an id that is unique for ever has to be (SESS-1).
    const id = `s-${randomUUID()}`;
    sessions.set(id, { metadata: request.metadata, startedAt: new Date() });
    send(null, describe(id));
  },
  getSession: ({ request }: Call<GetPluginRuntimeSessionRequest>, send: Send) => {
    const session = describe(request.sessionId);
    if (session === undefined) send({ code: status.NOT_FOUND, details: "no such session" });
    else send(null, session);
  },
};

function describe(id: string): PluginRuntimeSession | undefined {
  const session = sessions.get(id);
  if (session === undefined) return undefined;
  return create(PluginRuntimeSessionSchema, {
    id,
    state: "ready",
    metadata: session.metadata,
    lifecycle: { startedAt: timestampFromDate(session.startedAt) },
  });
}

const server = new Server({ "grpc.max_concurrent_streams": 1024, "grpc.enable_channelz": 0 });
server.addService(grpcServiceDefinition(ProviderLifecycle), lifecycle);
server.addService(grpcServiceDefinition(PluginRuntimeProvider), withAllMethods(runtime));
const path = process.env.GESTALT_PLUGIN_SOCKET ?? "";
server.bindAsync(`unix:${path}~`, ServerCredentials.createInsecure(), () => void rename(`${path}~`, path));

/** grpc-js wants every method of a service. */
function withAllMethods(implementation: UntypedServiceImplementation): UntypedServiceImplementation {
  const all: UntypedServiceImplementation = {};
  for (const { localName } of PluginRuntimeProvider.methods)
    all[localName] =
      implementation[localName] ?? ((_: Call<unknown>, send: Send) => send({ code: status.UNIMPLEMENTED }));
  return all;
}
