import { create, toJson, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { ProtocolChannel, UnaryCallOptions, UnaryClient } from "@gestalt-runtime/sdk/protocol";
import type { HostTrace } from "./trace.js";

/** Whose calls a client makes, as the trace names them. */
export interface TracedPeer {
  readonly to: "provider" | "plugin";
  readonly name: string;
  readonly instance: number;
  readonly authority: string;
}

/** A typed client of one service whose every call is written to the trace, whoever makes it. */
export function tracedClient<S extends GenService<GenServiceMethods>>(
  channel: ProtocolChannel,
  service: S,
  peer: TracedPeer,
  trace: HostTrace,
): UnaryClient<S> {
  const client = channel.client(service) as Record<string, AnyMethod>;
  const serviceName = service.typeName.slice(service.typeName.lastIndexOf(".") + 1);
  const traced: Record<string, AnyMethod> = {};
  for (const method of service.methods) {
    const call = client[method.localName];
    if (call === undefined) continue;
    traced[method.localName] = async (request = {}, options = {}) => {
      const end = trace.begin({
        ...peer,
        method: `${serviceName}/${method.name}`,
        request: toJson(method.input, create(method.input, request)),
        ...(options.timeoutMs === undefined ? {} : { deadlineMs: options.timeoutMs }),
      });
      let response;
      try {
        response = await call(request, options);
      } catch (thrown) {
        const error = RuntimeProviderError.from(thrown, method.name);
        end({ code: error.code, message: error.message });
        throw error;
      }
      end({ code: "OK", response: toJson(method.output, response as never) });
      return response;
    };
  }
  return traced as UnaryClient<S>;
}

type AnyMethod = (request?: MessageInitShape<DescMessage>, options?: UnaryCallOptions) => Promise<unknown>;
