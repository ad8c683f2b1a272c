import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import {
  status,
  type Server,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { statusDetails } from "../errors/details.js";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import { grpcServiceDefinition } from "./service-definition.js";

/** One function per method of a service; a method that is left out answers UNIMPLEMENTED. */
export type UnaryHandlers<S extends GenService<GenServiceMethods>> = {
  readonly [M in keyof S["method"]]?: S["method"][M] extends DescMethodUnary<infer I, infer O>
    ? (
        request: MessageShape<I>,
        call: ServerUnaryCall<MessageShape<I>, MessageShape<O>>,
      ) => MessageInitShape<O> | Promise<MessageInitShape<O>>
    : never;
};

/**
 * Serves a generated service on a grpc-js server. What a handler throws is answered as
 * {@link RuntimeProviderError.from} turns it.
 */
export function addUnaryService<S extends GenService<GenServiceMethods>>(
  server: Server,
  service: S,
  handlers: UnaryHandlers<S>,
): void {
  const implementation: UntypedServiceImplementation = {};
  for (const method of service.methods) {
    const handler = (handlers as Record<string, Handler | undefined>)[method.localName];
    implementation[method.localName] = (
      call: ServerUnaryCall<unknown, unknown>,
      answer: sendUnaryData<unknown>,
    ) => {
      if (handler === undefined) {
        answer({
          code: status.UNIMPLEMENTED,
          details: `${service.typeName}/${method.name} is not implemented`,
        });
        return;
      }
      void (async () => {
        try {
          answer(null, create(method.output, await handler(call.request, call)));
        } catch (thrown) {
          const error = RuntimeProviderError.from(thrown, method.name);
          answer({ code: error.status, details: statusDetails(error.message) });
        }
      })();
    };
  }
  server.addService(grpcServiceDefinition(service), implementation);
}

type Handler = (request: unknown, call: ServerUnaryCall<unknown, unknown>) => Init | Promise<Init>;
type Init = MessageInitShape<DescMessage>;
