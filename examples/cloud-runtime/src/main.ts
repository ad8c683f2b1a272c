import {
  createSessionRuntime,
  fileSessionStore,
  jsonSchema,
  RuntimeProviderError,
  servePluginRuntimeProvider,
} from "@gestalt-runtime/sdk";
import schema from "../config.schema.json" with { type: "json" };
import { Cloud } from "./cloud.js";
import { CloudBackend } from "./cloud-backend.js";

/** The operator's configuration as `config.schema.json` lets it through, defaults filled in. */
interface Config {
  readonly endpoint: string;
  readonly tokenEnv: string;
  readonly region: string;
  readonly size: string;
  readonly sessionLifetimeMs: number;
  readonly readyTimeoutMs: number;
  readonly maxSessions: number;
  readonly callsPerSecond: number;
  readonly stateDir?: string;
}

const provider = createSessionRuntime(
  (raw, { name }) => {
    const config = raw as unknown as Config;
    const { endpoint, tokenEnv, region, size, stateDir, readyTimeoutMs, maxSessions, callsPerSecond } =
      config;
    const token = process.env[tokenEnv] ?? "";
    if (token === "")
      throw new RuntimeProviderError(
        "FAILED_PRECONDITION",
        `the cloud's token is missing: set runtime.providers.${name}.env.${tokenEnv}`,
      );
    return new CloudBackend({
      cloud: new Cloud(endpoint, token),
      region,
      size,
      limits: {
        lifetimeMs: config.sessionLifetimeMs,
        readyTimeoutMs,
        maxSessions,
        rate: { perSecond: callsPerSecond, burst: 2 * callsPerSecond },
      },
      ...(stateDir !== undefined && { store: fileSessionStore(stateDir) }),
    });
  },
  {
    identity: {
      displayName: "Cloud runtime",
      description: "Runs plugins in sandboxes of a cloud",
      version: "0.1.0",
    },
    configSchema: jsonSchema(schema),
  },
);

await servePluginRuntimeProvider(provider);
