import {
  createSessionRuntime,
  hostSandbox,
  jsonSchemaFile,
  servePluginRuntimeProvider,
} from "@gestalt-runtime/sdk";
import { makeBackend, makeUnableBackend } from "./backend.js";
import { readConfig } from "./config.js";

const provider = createSessionRuntime(
  (config, { name }) => {
    // In the host's sandbox nothing else can be started: the host is told so, and hosts no plugins here.
    const cannotHost = hostSandbox()?.cannotHost;
    return cannotHost === undefined ? makeBackend(readConfig(config), name) : makeUnableBackend(cannotHost);
  },
  {
    identity: { displayName: "__DISPLAY_NAME__", version: "0.1.0" },
    configSchema: jsonSchemaFile(new URL("../config.schema.json", import.meta.url)),
  },
);

await servePluginRuntimeProvider(provider);
