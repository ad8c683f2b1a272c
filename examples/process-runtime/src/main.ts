import {
  createSessionRuntime,
  defaultStateDirectory,
  hostSandbox,
  jsonSchema,
  openInstanceDirectory,
  RuntimeProviderError,
  servePluginRuntimeProvider,
} from "@gestalt-runtime/sdk";
import { detectContainment, type ContainmentKind } from "@gestalt-runtime/sdk/processes";
import schema from "../config.schema.json" with { type: "json" };
import { logOptions, readConfig, sessionLimits, type ProcessRuntimeConfig } from "./config.js";
import { chooseIsolation } from "./isolation/choose-isolation.js";
import type { Isolation } from "./isolation/isolation.js";
import { endLeftoverProcesses } from "./leftovers.js";
import { removeLeftoverCgroups } from "./limits/instance-cgroups.js";
import { openOffer } from "./offer.js";
import { ProcessBackend } from "./process-backend.js";
import { UnableBackend } from "./unable-backend.js";

const provider = createSessionRuntime(
  async (raw, { name, logger }) => {
    // First of all: in there, most of what follows is refused.
    const sandbox = hostSandbox();
    if (sandbox !== undefined) return new UnableBackend(sandbox.cannotHost);
    const config = readConfig(raw);
    const warnings: string[] = [];
    const warn = (text: string): void => {
      warnings.push(text);
      logger.warn({}, text);
    };
    const stateDir = config.stateDir ?? defaultStateDirectory("process", name);
    const instance = await openInstanceDirectory({
      root: stateDir,
      removeRoot: config.stateDir === undefined,
      onLeftover: async (path) => {
        logger.warn({ path }, "cleaning up after an instance that died");
        await endLeftoverProcesses(path);
        await removeLeftoverCgroups(path);
      },
    });
    let isolation: Isolation | undefined;
    try {
      isolation = await chooseIsolation(config, instance, () => chooseContainment(config, warn), warn);
      return new ProcessBackend({
        instance,
        isolation,
        ...(await openOffer(config, { name, stateDir, instance, isolation, logger, warn })),
        warnings,
        stopGraceMs: config.stopGraceMs,
        limits: sessionLimits(config),
        logs: logOptions(config),
        ...(config.workingDirectory !== undefined && { workingDirectory: config.workingDirectory }),
      });
    } catch (error) {
      await isolation?.close();
      await instance.close();
      throw error;
    }
  },
  {
    identity: {
      displayName: "Process runtime",
      description: "Runs plugins as processes of this machine",
      version: "0.1.0",
    },
    configSchema: jsonSchema(schema),
  },
);

await servePluginRuntimeProvider(provider);

async function chooseContainment(
  { containment }: ProcessRuntimeConfig,
  warn: (text: string) => void,
): Promise<ContainmentKind> {
  const { kind, reason } = await detectContainment();
  if (containment === "pid-namespace" && kind !== containment)
    throw new RuntimeProviderError(
      "FAILED_PRECONDITION",
      `containment is pid-namespace, which can't be had here: ${reason ?? "unknown"}; install util-linux, or set containment to auto`,
    );
  if (containment !== "auto") return containment;
  if (reason !== undefined) warn(`plugins are held together by process groups: ${reason}`);
  return kind;
}
