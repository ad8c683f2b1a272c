import { hostSandbox, jsonSchemaFile, servePluginRuntimeProvider } from "@gestalt-runtime/sdk";
import { ProcessRuntime } from "./process-runtime.js";

await servePluginRuntimeProvider(
  new ProcessRuntime({
    identity: { displayName: "__DISPLAY_NAME__", version: "0.1.0" },
    configSchema: jsonSchemaFile(new URL("../config.schema.json", import.meta.url)),
    // In the host's sandbox nothing else can be started: the host is told so, and hosts no plugins here.
    cannotHost: hostSandbox()?.cannotHost,
  }),
);
