import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { JsonObject } from "@bufbuild/protobuf";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import {
  protocolVersion,
  type IntegrationProvider,
  type OperationResult,
  type ProviderMetadata,
  type UnaryCallOptions,
  type UnaryClient,
} from "@gestalt-runtime/sdk/protocol";
import type { HostTokens } from "../relay/index.js";
import { HostError } from "./host-error.js";
import { invocationToken } from "./invocation-token.js";
import type { HostTimes } from "./times.js";

export type PluginClient = UnaryClient<typeof IntegrationProvider>;

/**
 * GetMetadata, tried again every 25 ms while the plugin is UNAVAILABLE, for as long as it may take to get ready.
 * `undefined` when the plugin does not implement it.
 */
export async function getPluginMetadata(
  client: PluginClient,
  times: HostTimes,
  signal: AbortSignal | undefined,
): Promise<ProviderMetadata | undefined> {
  const options = signal === undefined ? {} : { signal };
  const deadline = performance.now() + times.pluginReadyMs;
  for (;;) {
    try {
      return await client.getMetadata({}, options);
    } catch (cause) {
      const { code, message } = RuntimeProviderError.from(cause, "GetMetadata");
      if (code === "UNIMPLEMENTED") return undefined;
      if (code !== "UNAVAILABLE" || performance.now() > deadline)
        throw new HostError("plugin-metadata", `the plugin's GetMetadata failed with ${code}: ${message}`, {
          code,
          cause,
        });
      await delay(times.pollMs, undefined, options);
    }
  }
}

/** StartProvider with the plugin's config; a plugin that does not implement it is taken as started. */
export async function startPluginProvider(
  client: PluginClient,
  name: string,
  config: JsonObject | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const empty = config === undefined || Object.keys(config).length === 0;
  let answer;
  try {
    answer = await client.startProvider(
      { name, ...(empty ? {} : { config }), protocolVersion },
      signal === undefined ? {} : { signal },
    );
  } catch (cause) {
    const { code, message } = RuntimeProviderError.from(cause, "StartProvider");
    if (code === "UNIMPLEMENTED") return;
    throw new HostError("plugin-start", `the plugin's StartProvider failed with ${code}: ${message}`, {
      code,
      cause,
    });
  }
  if (answer.protocolVersion !== protocolVersion)
    throw new HostError(
      "plugin-start",
      `the plugin's StartProvider answered protocol version ${answer.protocolVersion}; the host speaks ${protocolVersion}`,
    );
}

export interface PluginInvocation {
  readonly plugin: string;
  readonly operation: string;
  readonly params: JsonObject;
  /** The host's caller, such as `user:<uuid>`. */
  readonly subject: string;
  readonly tokens: HostTokens;
  readonly options: UnaryCallOptions;
}

/** Execute as the host sends it for a call over HTTP by nobody in particular. */
export async function executeOperation(
  client: PluginClient,
  { plugin, operation, params, subject, tokens, options }: PluginInvocation,
): Promise<OperationResult> {
  const invocationId = randomUUID();
  return client.execute(
    {
      operation,
      params,
      invocationId,
      context: {
        subject: { id: subject, kind: "user", authSource: "env" },
        credential: { mode: "none" },
      },
      invocationToken: await invocationToken({ subject, plugin, operation, requestId: invocationId }, tokens),
    },
    options,
  );
}
