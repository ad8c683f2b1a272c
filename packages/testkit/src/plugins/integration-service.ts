import { toJson, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import type { Server } from "@grpc/grpc-js";
import {
  addUnaryService,
  ConnectionMode,
  ExecuteRequestSchema,
  IntegrationProvider,
  protocolVersion,
  type OperationResultSchema,
  type ProviderMetadataSchema,
} from "@gestalt-runtime/sdk/protocol";
import { afterAnswer } from "./endings.js";
import { createHandlers, type HandledCall, type PluginState } from "./handlers.js";
import { fixtureOperations, type FixtureOperationId } from "./operations.js";
import { checkedOperation, Refusal } from "./params.js";

/** Serves what a host asks of a plugin: its catalog, its start, and its operations. */
export function addIntegrationService(server: Server, state: PluginState): void {
  const handlers = createHandlers(state);
  addUnaryService(server, IntegrationProvider, {
    getMetadata: () => metadata(),
    startProvider: ({ name, config, protocolVersion: asked }) => {
      state.config = { started: true, name, config: config ?? {}, protocolVersion: asked };
      return { protocolVersion };
    },
    async execute(request, call): Promise<MessageInitShape<typeof OperationResultSchema>> {
      const params = request.params ?? {};
      try {
        const { id } = checkedOperation(request.operation, params);
        const handled: HandledCall = {
          request: toJson(ExecuteRequestSchema, request) as JsonObject,
          afterAnswer: (action) => afterAnswer(call, action),
        };
        return json(200, await (handlers[id] as Handler)(params, handled));
      } catch (thrown) {
        const status = thrown instanceof Refusal ? thrown.status : 500;
        return json(status, { error: thrown instanceof Error ? thrown.message : String(thrown) });
      }
    },
  });
}

type Handler = (params: object, call: HandledCall) => unknown;

function json(status: number, body: unknown): MessageInitShape<typeof OperationResultSchema> {
  return { status, body: JSON.stringify(body) };
}

function metadata(): MessageInitShape<typeof ProviderMetadataSchema> {
  return {
    name: "fixture",
    displayName: "Fixture plugin",
    description: "Answers what tests ask about how it is run.",
    connectionMode: ConnectionMode.NONE,
    staticCatalog: {
      name: "fixture",
      displayName: "Fixture plugin",
      operations: fixtureOperations.map(({ id, description, result, parameters }) => ({
        id,
        method: "POST",
        description: `${description} Answers: ${result}.`,
        readOnly: readOnly.has(id),
        parameters: parameters.map((parameter) => ({
          name: parameter.name,
          type: parameter.type,
          description: parameter.description,
          required: parameter.required ?? false,
        })),
      })),
    },
    minProtocolVersion: protocolVersion,
    maxProtocolVersion: protocolVersion,
  };
}

const readOnly: ReadonlySet<FixtureOperationId> = new Set([
  "echo",
  "request",
  "config",
  "boot",
  "args",
  "env",
  "identity",
  "processes",
  "sleep",
]);
