import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { status, type handleBidiStreamingCall, type ServerDuplexStream } from "@grpc/grpc-js";
import {
  ServerReflection,
  ServerReflectionResponseSchema,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "../gen/grpc/reflection/v1/reflection_pb.js";
import { grpcServiceDefinition } from "../protocol/service-definition.js";
import { Descriptors } from "./descriptors.js";
import type { ExtraService } from "./extra-service.js";

type Stream = ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>;
type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

/**
 * gRPC's reflection service (`grpc.reflection.v1.ServerReflection`, and under its older name `v1alpha`): tools such as grpcurl can
 * list what is on the socket and call it without `.proto` files.
 */
export function reflectionService(): ExtraService {
  return {
    services: [ServerReflection],
    start(server, { services }) {
      const descriptors = new Descriptors(services);
      const streams = new Set<Stream>();
      const serverReflectionInfo: handleBidiStreamingCall<
        ServerReflectionRequest,
        ServerReflectionResponse
      > = (stream) => {
        streams.add(stream);
        for (const event of ["cancelled", "close", "error"]) stream.on(event, () => streams.delete(stream));
        stream.on("data", (request: ServerReflectionRequest) => {
          const hasRoom = stream.write(
            create(ServerReflectionResponseSchema, {
              validHost: request.host,
              originalRequest: request,
              messageResponse: answer(request, descriptors),
            }),
          );
          if (hasRoom) return;
          // A client that asks and does not read is not asked on.
          stream.pause();
          stream.once("drain", () => stream.resume());
        });
        stream.on("end", () => stream.end());
      };
      const definition = grpcServiceDefinition(ServerReflection);
      server.addService(definition, { serverReflectionInfo });
      server.addService(underOlderName(definition), { serverReflectionInfo });
      return () => {
        for (const stream of streams) stream.end();
      };
    },
  };
}

/** The same messages under another path: older tools know no other. */
function underOlderName(
  definition: ReturnType<typeof grpcServiceDefinition>,
): ReturnType<typeof grpcServiceDefinition> {
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [
      name,
      { ...method, path: method.path.replace("/grpc.reflection.v1.", "/grpc.reflection.v1alpha.") },
    ]),
  );
}

function answer({ messageRequest }: ServerReflectionRequest, descriptors: Descriptors): Answer {
  switch (messageRequest.case) {
    case "listServices":
      return {
        case: "listServicesResponse",
        value: { service: descriptors.serviceNames.map((name) => ({ name })) },
      };
    case "fileByFilename":
      return files(descriptors.byFileName(messageRequest.value), `file ${messageRequest.value}`);
    case "fileContainingSymbol":
      return files(descriptors.bySymbol(messageRequest.value), `symbol ${messageRequest.value}`);
    case "fileContainingExtension":
      return files(undefined, `extension of ${messageRequest.value.containingType}`);
    case "allExtensionNumbersOfType":
      return descriptors.bySymbol(messageRequest.value) === undefined
        ? files(undefined, `type ${messageRequest.value}`)
        : { case: "allExtensionNumbersResponse", value: { baseTypeName: messageRequest.value } };
    default:
      return fault(status.INVALID_ARGUMENT, "message_request is not set; set one of its fields");
  }
}

function files(found: readonly Uint8Array[] | undefined, what: string): Answer {
  if (found === undefined) return fault(status.NOT_FOUND, `there is no ${what}`);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: [...found] } };
}

function fault(errorCode: number, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
