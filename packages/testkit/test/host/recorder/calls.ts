// What both recorders share: one JSON line for each call that they receive and for each answer that they give.
import { appendFileSync } from "node:fs";
import { create, toJson, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import { addUnaryService, type UnaryHandlers } from "@gestalt-runtime/sdk/protocol";
import type { Server, ServerUnaryCall } from "@grpc/grpc-js";

const startedAt = performance.now();

/** The program's own path; its recording lies beside it, so that nothing else has to be passed to it. */
export const ownPath = process.argv[1] ?? "";

export function record(event: string, fields: object = {}): void {
  const line = { at_ms: Math.round((performance.now() - startedAt) * 10) / 10, event, ...fields };
  const text = `${JSON.stringify(line)}\n`;
  // In the host's sandbox the own folder is read-only, and all that may be written to is removed at the end.
  if (process.env.HTTP_PROXY !== undefined) process.stdout.write(text);
  else appendFileSync(`${ownPath}.recording.jsonl`, text);
}

/** Serves a service and records every call of it, those that it does not implement included. */
export function addRecordedService<S extends GenService<GenServiceMethods>>(
  server: Server,
  service: S,
  handlers: UnaryHandlers<S>,
  inFlight = new Set<Promise<unknown>>(),
): void {
  const name = service.typeName.slice(service.typeName.lastIndexOf(".") + 1);
  const recorded: Record<string, Handler> = {};
  for (const { localName, name: methodName, input, output } of service.methods) {
    const method = `${name}/${methodName}`;
    const handler = (handlers as Record<string, Handler | undefined>)[localName];
    const body = async (request: unknown, call: ServerUnaryCall<unknown, unknown>): Promise<Init> => {
      record("call", {
        method,
        request: toJson(input, request as never),
        authority: call.getHost(),
        ...deadlineOf(call),
      });
      try {
        if (handler === undefined) throw new RuntimeProviderError("UNIMPLEMENTED", "not implemented");
        const response = await handler(request, call);
        record("answer", { method, code: "OK", response: toJson(output, create(output, response)) });
        return response;
      } catch (error) {
        record("answer", { method, code: goCode(RuntimeProviderError.from(error, method).code) });
        throw error;
      }
    };
    recorded[localName] = (request, call) => {
      const answer = body(request, call);
      inFlight.add(answer);
      void answer.catch(() => undefined).finally(() => inFlight.delete(answer));
      return answer;
    };
  }
  addUnaryService(server, service, recorded as UnaryHandlers<S>);
}

/** A status as the recordings spell it: `FailedPrecondition`. */
export function goCode(code: string): string {
  return code
    .toLowerCase()
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

function deadlineOf(call: ServerUnaryCall<unknown, unknown>): { readonly deadline_ms?: number } {
  const deadline = call.getDeadline();
  const atMs = deadline instanceof Date ? deadline.getTime() : deadline;
  return Number.isFinite(atMs) ? { deadline_ms: atMs - Date.now() } : {};
}

type Handler = (request: unknown, call: ServerUnaryCall<unknown, unknown>) => Init | Promise<Init>;
type Init = MessageInitShape<DescMessage>;
