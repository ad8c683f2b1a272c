import { fileURLToPath } from "node:url";
import {
  createSessionRuntime,
  openInstanceDirectory,
  servePluginRuntimeProvider,
} from "@gestalt-runtime/sdk";
import { detectContainment, killMarked } from "@gestalt-runtime/sdk/processes";
import { defaultStateDir, readConfig, sessionLimits } from "./config.js";
import { ProcessBackend } from "./process-backend.js";

const provider = createSessionRuntime(
  async (raw, { name, logger }) => {
    const config = readConfig(raw);
    const containment = await detectContainment({ kind: config.containment });
    logger.info({ containment: containment.kind, reason: containment.reason }, "process runtime configured");
    const instance = await openInstanceDirectory({
      root: config.stateDir ?? defaultStateDir(name),
      removeRoot: config.stateDir === undefined,
      onLeftover: async (id) => {
        logger.warn({ instance: id }, "cleaning up after an instance that died");
        await killMarked(id);
      },
    });
    return new ProcessBackend({
      instance,
      containment,
      workingDirectory: config.workingDirectory ?? process.cwd(),
      stopGraceMs: config.stopGraceMs,
      limits: sessionLimits(config),
    });
  },
  {
    identity: {
      displayName: "Process runtime",
      description: "Runs plugins as processes of this machine",
      version: "0.1.0",
    },
    configSchema: fileURLToPath(new URL("../config.schema.yaml", import.meta.url)),
  },
);

await servePluginRuntimeProvider(provider);
